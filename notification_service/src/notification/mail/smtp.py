"""One SMTP connection, kept between mails and recycled. It never raises for a mail: it says how it ended."""

import asyncio
import re
import socket
from dataclasses import dataclass
from typing import Literal, cast

from aiosmtplib import SMTP, SMTPException

from notification.mail.compose import Envelope
from notification.mail.conversation import LOST, Conversation, words
from notification.mail.outcome import Outcome, Result
from notification.mail.wire import Wire
from service_kit.clock import Clock


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails go. Times are in seconds.

    Attributes:
        tls: the server's certificate must be valid for `host`; which authorities are trusted is OpenSSL's
            own setting (SSL_CERT_FILE names others).
        timeout: for connecting and for each answer.
        mails_per_connection: after so many the connection is closed, so that load balancers get a say.
        idle: an unused connection is closed after this, before most servers do it.
        max_bytes: a larger message is never handed over, whatever the server would take.
    """

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"] = "none"
    username: str | None = None
    password: str | None = None
    timeout: float = 20
    mails_per_connection: int = 500
    idle: float = 60
    max_bytes: int = 10_000_000


class SmtpConnection:
    """A connection that one worker uses, one mail at a time."""

    def __init__(self, server: SmtpServer, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._talk: Conversation | None = None
        self._mails = 0
        self._last_used = 0.0

    @property
    def is_open(self) -> bool:
        return self._talk is not None and self._talk.is_open

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
        self._talk = Conversation(
            Wire(cast("asyncio.Transport", client.transport)),
            dict(client.esmtp_extensions),
            timeout_s=server.timeout,
            max_bytes=server.max_bytes,
        )
        self._mails, self._last_used = 0, self._clock.monotonic()

    async def close(self) -> None:
        """Say goodbye, shortly, and close."""
        talk, self._talk = self._talk, None
        if talk is not None and talk.is_open:
            await talk.quit()

    async def deliver(self, envelope: Envelope) -> Result:
        """Hand over one mail on an open connection. A lost connection is closed afterwards."""
        try:
            return await self._deliver_freshly(envelope)
        except (*LOST, SMTPException) as error:
            return Result(Outcome.DEFERRED, f"before the message was sent: {words(error)}")

    async def _deliver_freshly(self, envelope: Envelope) -> Result:
        """Deliver; where a kept connection has died unnoticed, once more on a new one."""
        reused = self._mails > 0
        try:
            return await self._deliver(envelope)
        except TimeoutError:
            raise
        except OSError:
            if not reused:
                raise
        await self.open()
        return await self._deliver(envelope)

    async def _deliver(self, envelope: Envelope) -> Result:
        talk = self._talk
        if talk is None:
            raise ConnectionError("not connected")
        self._last_used = self._clock.monotonic()
        self._mails += 1
        return talk.refuse(envelope) or await talk.deliver(envelope)


def _own_name() -> str:
    """What EHLO says. Not the fully qualified name: looking that up may block for a long time."""
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9.-]+", name) else "localhost"
