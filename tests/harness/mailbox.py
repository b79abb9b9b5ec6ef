"""The mail catcher: who was really mailed."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path

_MESSAGE_ID = re.compile(r"^message-id:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)


class Mailbox:
    """Reads the catcher's own store: its REST lists leave the Message-ID out."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def times(self, address_part: str) -> Counter[str]:
        """Message-ID → how many mails with it were caught for addresses that contain this."""
        return Counter(_message_id(source) for source in self.sources(address_part))

    def calendars(self, address: str) -> list[str]:
        """The calendar objects that were mailed to an address, each mail's once, in the order of coming."""
        mails = {_message_id(source): _read(source) for source in self.sources(address)}
        return [calendar for mail in mails.values() for calendar in set(_calendars(mail))]

    def sources(self, address_part: str) -> list[str | bytes]:
        """The mails that were caught for addresses that contain this, as they came."""
        query = "SELECT source FROM message WHERE recipients_envelope LIKE ? ORDER BY id"
        connection = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)
        try:
            return [source for (source,) in connection.execute(query, [f"%{address_part}%"])]
        finally:
            connection.close()


def _read(source: str | bytes) -> EmailMessage:
    text = source if isinstance(source, str) else source.decode(errors="replace")
    return message_from_string(text, policy=policy.default)


def _calendars(mail: EmailMessage) -> Iterator[str]:
    """As a part to be acted upon and as a file, which say the same."""
    for part in mail.walk():
        if part.get_content_type() == "text/calendar" or (part.get_filename() or "").endswith(".ics"):
            content = part.get_content()
            text = content if isinstance(content, str) else content.decode()
            yield "\r\n".join(text.splitlines())


def _message_id(source: str | bytes) -> str:
    text = source if isinstance(source, str) else source.decode(errors="replace")
    found = _MESSAGE_ID.search(text)
    assert found is not None, "every mail of ours has a Message-ID"
    return found[1]
