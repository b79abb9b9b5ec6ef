"""One of the sender's N lanes: an SMTP connection and what it is doing now."""

from enum import Enum, auto

import structlog
from aiosmtplib import SMTPException, SMTPResponseException

from notification.errors import UndeliverableError
from notification.mail.compose import Composer, Envelope
from notification.mail.outcome import Outcome, Result
from notification.mail.smtp import SmtpConnection
from notification.metrics import ATTEMPT_SECONDS, ATTEMPTS, COMMIT_TO_ACCEPTED_SECONDS, CONNECT_FAILURES
from notification.service.claim import ClaimedMail
from notification.service.settle import Settlement
from service_kit.clock import Clock

log = structlog.get_logger(__name__)


class Doing(Enum):
    """What a lane's task is about; without one it rests."""

    NOTHING = auto()
    OPENING = auto()
    SENDING = auto()
    CLOSING = auto()


class Lane:
    """Sends one mail at a time. Its methods do not raise for a server's or a mail's fault."""

    def __init__(self, connection: SmtpConnection, composer: Composer, clock: Clock) -> None:
        self._connection = connection
        self._composer = composer
        self._clock = clock
        self.doing = Doing.NOTHING
        # Why the connection could not be opened last, in words without secrets.
        self.trouble: str | None = None

    @property
    def is_free(self) -> bool:
        """Whether it can take a mail now."""
        return self.doing is Doing.NOTHING and self._connection.is_open

    @property
    def is_closed(self) -> bool:
        """Whether it could open its connection now."""
        return self.doing is Doing.NOTHING and not self._connection.is_open

    @property
    def is_open(self) -> bool:
        return self._connection.is_open

    @property
    def is_worn(self) -> bool:
        """Whether its connection has served long enough."""
        return self._connection.is_worn

    async def open(self) -> None:
        """Connect; `trouble` says why it failed."""
        try:
            await self._connection.open()
        except (SMTPException, OSError, TimeoutError) as error:
            CONNECT_FAILURES.inc()
            self.trouble = _trouble(error)
            log.warning("smtp_connect_failed", reason=self.trouble)
        else:
            self.trouble = None

    async def send(self, mail: ClaimedMail) -> Settlement:
        """Make one attempt; every log line meanwhile names the mail."""
        with structlog.contextvars.bound_contextvars(notification_id=str(mail.letter.id)):
            return await self._send(mail)

    async def close(self) -> None:
        await self._connection.close()

    async def _send(self, mail: ClaimedMail) -> Settlement:
        started = self._clock.monotonic()
        result = await self._attempt(mail)
        seconds = self._clock.monotonic() - started
        ATTEMPT_SECONDS.labels(result.outcome).observe(seconds)
        ATTEMPTS.labels(mail.letter.kind, result.outcome).inc()
        if result.outcome is Outcome.ACCEPTED:
            age = self._clock.now() - mail.letter.committed_at
            COMMIT_TO_ACCEPTED_SECONDS.observe(max(0, age.total_seconds()))
        log.info("mail_attempted", attempt=mail.attempt, outcome=result.outcome)
        return Settlement(mail, result, seconds)

    async def _attempt(self, mail: ClaimedMail) -> Result:
        envelope = self._compose(mail)
        if isinstance(envelope, Result):
            return envelope
        try:
            return await self._connection.deliver(envelope)
        except Exception:
            # A fault of our own or of a library's: where it struck is unknown, so the worst is assumed.
            log.exception("mail_attempt_failed")
            await self._connection.close()
            return Result(Outcome.UNCONFIRMED, "an internal error during the attempt")

    def _compose(self, mail: ClaimedMail) -> Envelope | Result:
        try:
            return self._composer.compose(mail.letter)
        except UndeliverableError as error:
            return Result(Outcome.REFUSED, error.reason)
        except Exception:
            log.exception("mail_compose_failed")
            return Result(Outcome.REFUSED, "the mail could not be written: an internal error")


def _trouble(error: Exception) -> str:
    """What went wrong, without the server's words: they may repeat a login."""
    if isinstance(error, SMTPResponseException):
        return f"{type(error).__name__} {error.code}"
    return type(error.__cause__ or error).__name__
