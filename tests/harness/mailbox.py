"""The mail catcher: who was really mailed."""

import re
import sqlite3
from collections import Counter
from pathlib import Path

_MESSAGE_ID = re.compile(r"^message-id:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)


class Mailbox:
    """Reads the catcher's own store: its REST lists leave the Message-ID out."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def times(self, address_part: str) -> Counter[str]:
        """Message-ID → how many mails with it were caught for addresses that contain this."""
        query = "SELECT source FROM message WHERE recipients_envelope LIKE ? ORDER BY id"
        connection = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)
        try:
            sources = [source for (source,) in connection.execute(query, [f"%{address_part}%"])]
        finally:
            connection.close()
        return Counter(_message_id(source) for source in sources)


def _message_id(source: str | bytes) -> str:
    text = source if isinstance(source, str) else source.decode(errors="replace")
    found = _MESSAGE_ID.search(text)
    assert found is not None, "every mail of ours has a Message-ID"
    return found[1]
