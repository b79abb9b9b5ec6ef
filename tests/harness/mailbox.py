"""The mail catcher: who was really mailed."""

import sqlite3
from collections import Counter
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import NamedTuple


class Caught(NamedTuple):
    """One mail that the catcher accepted; `recipients` are the envelope's."""

    message_id: str
    recipients: str
    subject: str


class Mailbox:
    """Reads the catcher's own store: its REST lists leave the Message-ID out."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def caught(self, recipient_part: str) -> list[Caught]:
        """The mails to addresses that contain this, in the order of their arrival."""
        query = "SELECT source, recipients_envelope FROM message WHERE recipients_envelope LIKE ? ORDER BY id"
        connection = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)
        try:
            found = connection.execute(query, [f"%{recipient_part}%"]).fetchall()
        finally:
            connection.close()
        return [_caught(source, recipients) for source, recipients in found]

    def times(self, recipient_part: str) -> Counter[str]:
        """Message-ID → how many times it was caught."""
        return Counter(mail.message_id for mail in self.caught(recipient_part))


def _caught(source: bytes | str, recipients: str) -> Caught:
    raw = source.encode() if isinstance(source, str) else source
    message = message_from_bytes(raw, policy=default)
    return Caught(message["Message-ID"], recipients, message["Subject"])
