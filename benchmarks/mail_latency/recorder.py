"""An SMTP server that takes everything and keeps of each mail when it came.

    python -m benchmarks.mail_latency.recorder PORT

Beside what the null server answers it knows SEEN, which gives `[Message-ID, began, ended]` of the mails so
far as JSON and forgets them, and DROP, which closes all other connections as servers do with idle ones. A
mail begins when MAIL has come, and ends when its last dot has; both are seconds of this machine's clock.
"""

import json
import re
import time
from typing import Any

from benchmarks.mail.null_server import NullSmtp, run

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class RecordingSmtp(NullSmtp):
    """One connection; the records and the connections are those of all."""

    seen: list[tuple[str, float, float]] = []  # noqa: RUF012 - shared on purpose
    connections: set["RecordingSmtp"] = set()  # noqa: RUF012

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.connections.add(self)
        self.began = 0.0

    def connection_lost(self, _exc: Exception | None) -> None:
        self.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self.received = time.time()
        super().data_received(data)

    def command(self, verb: bytes) -> bytes:
        if verb == b"MAIL":
            self.began = self.received
        elif verb == b"SEEN":
            seen = json.dumps(self.seen).encode()
            self.seen.clear()
            return b"250 " + seen + b"\r\n"
        elif verb == b"DROP":
            for other in self.connections - {self}:
                other.transport.close()
        return super().command(verb)

    def message_ends(self, end: int) -> None:
        super().message_ends(end)
        if found := MESSAGE_ID.search(self.unread, 0, end):
            self.seen.append((found[1].decode(), self.began, self.received))


if __name__ == "__main__":
    run(RecordingSmtp)
