"""One SMTP connection, kept between mails and recycled. It never raises for a mail: it says how it ended."""

import asyncio
import contextlib
import re
import socket
from dataclasses import dataclass
from typing import Literal

from aiosmtplib import SMTP, SMTPException, SMTPResponse

from notification.mail.compose import Envelope
from notification.mail.outcome import Outcome, Result
from service_kit.clock import Clock

_START_OF_LINE_DOT = re.compile(rb"(?m)^\.")
# First digits of answers (RFC 5321, section 4.2.1).
_YES, _GO_AHEAD, _NO = 2, 3, 5
_UNAVAILABLE = 421
# "Authentication required", "too weak", "credentials invalid": about us, not about this mail.
_ABOUT_US = {530, 534, 535, 538}
_MAX_WORDS = 300
_LOST = (SMTPException, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails go. Times are in seconds.

    Attributes:
        timeout: for connecting and for each answer.
        mails_per_connection: after so many the connection is closed, so that load balancers get a say.
        idle: an unused connection is closed after this, before most servers do it.
    """

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"] = "none"
    username: str | None = None
    password: str | None = None
    timeout: float = 20
    mails_per_connection: int = 500
    idle: float = 60


class _Declined(Exception):  # noqa: N818 - an answer, not an error
    """The server said no to a command."""

    def __init__(self, response: SMTPResponse) -> None:
        self.response = response


class SmtpConnection:
    """A connection that one worker uses, one mail at a time."""

    def __init__(self, server: SmtpServer, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._client: SMTP | None = None
        self._mails = 0
        self._last_used = 0.0

    @property
    def is_open(self) -> bool:
        return self._client is not None and self._client.is_connected

    @property
    def is_worn(self) -> bool:
        """Whether it is time to close it: enough mails, or nothing to do for long."""
        idle = self._clock.monotonic() - self._last_used
        return self.is_open and (
            self._mails >= self._server.mails_per_connection or idle >= self._server.idle
        )

    async def open(self) -> None:
        """Connect, say hello, encrypt and sign in as the settings say.

        Raises:
            SMTPException, OSError, TimeoutError: the server cannot be used now.
        """
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            username=server.username,
            password=server.password,
            timeout=server.timeout,
            local_hostname=_own_name(),
        )
        try:
            # The time-out inside is for each step; a server that drips its banner gets this much in all.
            async with asyncio.timeout(2 * server.timeout):
                await client.connect()
                await client.ehlo()
        except BaseException:
            client.close()
            raise
        self._client, self._mails, self._last_used = client, 0, self._clock.monotonic()

    async def close(self) -> None:
        """Say goodbye, shortly, and close."""
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            with contextlib.suppress(*_LOST):
                await client.quit(timeout=1)
            client.close()

    async def deliver(self, envelope: Envelope) -> Result:
        """Hand over one mail on an open connection. A lost connection is closed afterwards."""
        try:
            return await self._deliver_freshly(envelope)
        except _LOST as error:
            self._abandon()
            return Result(Outcome.DEFERRED, f"before the message was sent: {_words(error)}")

    async def _deliver_freshly(self, envelope: Envelope) -> Result:
        """Deliver; where a kept connection has died unnoticed, once more on a new one."""
        reused = self._mails > 0
        try:
            return await self._deliver(envelope)
        except TimeoutError:
            raise
        except _LOST:
            if not reused:
                raise
        self._abandon()
        await self.open()
        return await self._deliver(envelope)

    async def _deliver(self, envelope: Envelope) -> Result:
        client = self._client
        if client is None:
            raise ConnectionError("not connected")
        utf8 = envelope.recipient.needs_smtputf8
        if utf8 and not client.supports_extension("smtputf8"):
            return Result(
                Outcome.REFUSED, "the server cannot send to an address with such letters (no SMTPUTF8)"
            )
        self._last_used = self._clock.monotonic()
        self._mails += 1
        try:
            await self._begin(client, envelope, utf8=utf8)
        except _Declined as declined:
            return await self._declined(client, declined.response)
        return await self._finish(client, envelope.message)

    async def _begin(self, client: SMTP, envelope: Envelope, *, utf8: bool) -> None:
        """MAIL, RCPT and DATA, up to the server's "go ahead": nothing is accepted before that."""
        encoding = "utf-8" if utf8 else "ascii"
        options = (b"SMTPUTF8",) if utf8 else ()
        sender, recipient = envelope.sender.encode(encoding), str(envelope.recipient).encode(encoding)
        _expect(_YES, await client.execute_command(b"MAIL", b"FROM:<" + sender + b">", *options))
        _expect(_YES, await client.execute_command(b"RCPT", b"TO:<" + recipient + b">"))
        _expect(_GO_AHEAD, await client.execute_command(b"DATA"))

    async def _finish(self, client: SMTP, message: bytes) -> Result:
        """The message and its final dot: from here on silence means that nobody knows.

        The library's `data()` does both halves in one, and cannot say in which of them a connection
        was lost; that is why the message is written here.
        """
        try:
            protocol = client.protocol
            if protocol is None:
                raise ConnectionError("connection lost")
            protocol.write(_START_OF_LINE_DOT.sub(b"..", message) + b".\r\n")
            response = await protocol.read_response(timeout=self._server.timeout)
        except _LOST as error:
            self._abandon()
            return Result(Outcome.UNCONFIRMED, f"after the message was sent: {_words(error)}")
        if response.code // 100 == _YES:
            return Result(Outcome.ACCEPTED, _answer(response))
        return await self._declined(client, response)

    async def _declined(self, client: SMTP, response: SMTPResponse) -> Result:
        """A no: for good (5xx) or for now; the connection is made ready for the next mail."""
        with contextlib.suppress(*_LOST):
            if response.code == _UNAVAILABLE or response.code in _ABOUT_US:
                self._abandon()
            else:
                await client.rset()
        final = response.code // 100 == _NO and response.code not in _ABOUT_US
        return Result(Outcome.REFUSED if final else Outcome.DEFERRED, _answer(response))

    def _abandon(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _expect(first_digit: int, response: SMTPResponse) -> None:
    if response.code // 100 != first_digit:
        raise _Declined(response)


def _answer(response: SMTPResponse) -> str:
    return f"{response.code} {response.message}"[:_MAX_WORDS]


def _words(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:_MAX_WORDS]


def _own_name() -> str:
    """What EHLO says. Not the fully qualified name: looking that up may block for a long time."""
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9.-]+", name) else "localhost"
