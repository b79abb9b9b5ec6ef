"""The bytes of an SMTP connection after its beginning: commands in groups, answers one by one and in order.

aiosmtplib connects, encrypts and signs in. It reads one answer per command written, so for the mails
themselves, whose commands go in one write (RFC 2920), this takes its connection over.
"""

import asyncio
import re
from collections import deque
from typing import NamedTuple

_MAX_ANSWER = 32_768
_CODE = re.compile(r"[2-5][0-9]{2}")


class Answer(NamedTuple):
    """What the server said, the lines of a long answer joined by line ends."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Wire(asyncio.Protocol):
    """One connection. A server that says what nobody asked for loses it: answers would no longer match."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """Take over `transport` from its protocol; every answer so far must have been read."""
        self._transport = transport
        self._unread = b""
        self._lines: list[str] = []
        self._answers: deque[Answer] = deque()
        self._awaited = 0
        self._arrived = asyncio.Event()
        self._lost: Exception | None = None
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        return self._lost is None and not self._transport.is_closing()

    def ask(self, *commands: bytes) -> None:
        """Write commands, each with its line end, all at once; `answer` gives one answer for each.

        Raises:
            ConnectionError: the connection is lost; nothing was written.
        """
        if not self.is_open:
            raise self._lost or ConnectionError("connection lost")
        self._awaited += len(commands)
        self._transport.write(b"".join(commands))

    async def answer(self, seconds: float) -> Answer:
        """The next answer, for which the server gets so many seconds.

        Raises:
            ConnectionError: the connection was lost before it.
            TimeoutError: it did not come in time.
        """
        if not self._answers:
            async with asyncio.timeout(seconds):
                await self._next()
        return self._answers.popleft()

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        """Close without waiting for what is yet to be written."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._take(line)
        if len(self._unread) + sum(map(len, self._lines)) > _MAX_ANSWER:
            self._fail(ConnectionError("the server's answer is too long"))

    def connection_lost(self, exc: Exception | None) -> None:
        lost = ConnectionError("connection lost")
        lost.__cause__ = exc
        self._fail(lost)

    async def _next(self) -> None:
        while not self._answers:
            if self._lost is not None:
                raise self._lost
            self._arrived.clear()
            await self._arrived.wait()

    def _take(self, line: bytes) -> None:
        """One line of an answer: `250-more follows`, `250 the last` (RFC 5321, section 4.2.1)."""
        text = line.decode("utf-8", "replace").strip()
        code, mark, words = text[:3], text[3:4], text[4:]
        if not _CODE.fullmatch(code) or mark not in {"", " ", "-"} or not self._awaited:
            self._fail(ConnectionError("the server said what nobody can make sense of"))
            return
        self._lines.append(words.strip())
        if mark != "-":
            self._answers.append(Answer(int(code), "\n".join(self._lines)))
            self._lines.clear()
            self._awaited -= 1
            self._arrived.set()

    def _fail(self, error: Exception) -> None:
        self._lost = self._lost or error
        self._transport.abort()
        self._arrived.set()
