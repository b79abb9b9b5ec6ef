"""How much mail waits, as metrics: counted now and then, not at each scrape."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from notification.kinds import Kind
from notification.mail.outcome import Outcome
from notification.metrics import ATTEMPT_SECONDS, ATTEMPTS, ENDED, OLDEST_QUEUED, WAITING
from notification.queries.census import count_waiting
from notification.states import FINAL, State
from service_kit.clock import Clock
from service_kit.db import Database, is_transient

if TYPE_CHECKING:
    from datetime import datetime

log = structlog.get_logger(__name__)
INTERVAL_S = 15.0


class Census:
    """A part for `process.serve`. A count that fails is left out: the sender's own rounds say why."""

    def __init__(self, database: Database, *, clock: Clock, interval_s: float = INTERVAL_S) -> None:
        self._database = database
        self._clock = clock
        self._interval_s = interval_s
        self._stopped = asyncio.Event()
        self._oldest: datetime | None = None

    async def run(self) -> None:
        _begin_at_zero()
        # Computed when it is asked for: it must go on growing when the database cannot be asked.
        OLDEST_QUEUED.set_function(self._oldest_age_s)
        while not self._stopped.is_set():
            await self._count()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval_s):
                    await self._stopped.wait()

    def stop(self) -> None:
        self._stopped.set()

    async def _count(self) -> None:
        try:
            async with self._database.read() as session:
                waiting = await count_waiting(session, now=self._clock.now())
        except Exception as error:
            if not is_transient(error):
                log.exception("mail_census_failed")
            return
        WAITING.labels(State.QUEUED).set(waiting.queued)
        WAITING.labels(State.RETRYING).set(waiting.retrying)
        WAITING.labels(State.SENDING).set(waiting.sending)
        self._oldest = waiting.oldest_due

    def _oldest_age_s(self) -> float:
        return 0.0 if self._oldest is None else max(0.0, (self._clock.now() - self._oldest).total_seconds())


def _begin_at_zero() -> None:
    """Export what alerts look at before it happens: a first increase from nothing is not seen."""
    for state in FINAL:
        ENDED.labels(state)
    for outcome in Outcome:
        ATTEMPT_SECONDS.labels(outcome)
        for kind in Kind:
            ATTEMPTS.labels(kind, outcome)
