"""An SMTP server that takes everything and keeps nothing: what is measured is who talks to it.

    python -m benchmarks.mail.null_server PORT

It offers PIPELINING (RFC 2920) and SIZE. NOOP answers with how many mails it has taken so far.
"""

import asyncio
import re
import sys
from typing import Any

import uvloop

HELLO = b"250-null\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n250 SMTPUTF8\r\n"
END = b"\r\n.\r\n"
ANSWERS = {
    b"EHLO": HELLO,
    b"MAIL": b"250 ok\r\n",
    b"RCPT": b"250 ok\r\n",
    b"RSET": b"250 ok\r\n",
    b"DATA": b"354 go\r\n",
    b"QUIT": b"221 bye\r\n",
}
COMMAND = re.compile(rb"([A-Za-z]{4})[^\r\n]*\r\n")


class NullSmtp(asyncio.Protocol):
    """One connection; `taken` counts the mails of all."""

    taken = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.unread = bytearray()
        self.in_message = False
        transport.write(b"220 null\r\n")

    def data_received(self, data: bytes) -> None:
        self.unread += data
        answers = []
        while (answer := self.take()) is not None:
            answers.append(answer)
        if answers:
            self.transport.write(b"".join(answers))

    def take(self) -> bytes | None:
        """Take one command or message from what was received; None when there is no whole one."""
        if self.in_message:
            return self.take_message()
        found = COMMAND.match(self.unread)
        if found is None:
            return None
        verb = found[1].upper()
        del self.unread[: found.end()]
        self.in_message = verb == b"DATA"
        return self.command(verb)

    def command(self, verb: bytes) -> bytes:
        """The answer to a command."""
        if verb == b"NOOP":
            return f"250 {NullSmtp.taken}\r\n".encode()
        return ANSWERS.get(verb, b"500 what\r\n")

    def take_message(self) -> bytes | None:
        # The end may have come in two pieces; an empty message begins with its end.
        end = 0 if self.unread.startswith(END[2:]) else self.unread.find(END)
        if end < 0:
            return None
        self.message_ends(end)
        del self.unread[: self.unread.index(b".\r\n", end) + 3]
        self.in_message = False
        return b"250 ok\r\n"

    def message_ends(self, _end: int) -> None:
        """A message has come whole: what is unread, up to there."""
        NullSmtp.taken += 1


def run(protocol: type[NullSmtp]) -> None:
    """Serve on the port that the command line names, until a signal."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", int(sys.argv[1]))
        async with server:
            await server.serve_forever()

    uvloop.run(serve())


if __name__ == "__main__":
    run(NullSmtp)
