"""Whether the sender gets anywhere: alive but stuck is not ready."""

from service_kit.clock import Clock
from service_kit.health import NotReadyError

STUCK_AFTER_S = 60.0


class Progress:
    """Told by the dispatcher what happens, asked by the readiness page."""

    def __init__(self, clock: Clock, *, stuck_after_s: float = STUCK_AFTER_S) -> None:
        self._clock = clock
        self._stuck_after_s = stuck_after_s
        self._last_round = clock.monotonic()
        self._waiting_since: float | None = None
        self._trouble: str | None = None

    def round_done(self, *, mail_waits: bool, answered: bool, trouble: str | None) -> None:
        """A round with the database worked.

        Args:
            mail_waits: a mail is due or on its way.
            answered: since the last round the server accepted or refused a mail.
            trouble: why connections cannot be opened.
        """
        self._last_round = self._clock.monotonic()
        self._trouble = trouble
        if not mail_waits:
            self._waiting_since = None
        elif answered or self._waiting_since is None:
            self._waiting_since = self._last_round

    async def check(self) -> None:
        """For readiness.

        Raises:
            NotReadyError: mail is due and nothing was accepted or refused for a while, or the sender
                has not got through a round with its database.
        """
        now = self._clock.monotonic()
        if now - self._last_round > self._stuck_after_s:
            raise NotReadyError(f"no round for {now - self._last_round:.0f} s")
        if self._waiting_since is not None and now - self._waiting_since > self._stuck_after_s:
            why = f" ({self._trouble})" if self._trouble else ""
            raise NotReadyError(f"mail has been due for {now - self._waiting_since:.0f} s{why}")
