"""What the API has promised to remember for a day only."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import structlog

from service_kit.clock import Clock
from service_kit.db import Database, is_transient
from service_kit.http.idempotency import forget_old

log = structlog.get_logger(__name__)
KEYS_LAST = timedelta(hours=24)
INTERVAL_S = 3600.0


class Housekeeping:
    """A part for `process.serve`: forgets old answers, as they hold what was asked for."""

    def __init__(self, database: Database, *, clock: Clock, interval_s: float = INTERVAL_S) -> None:
        self._database = database
        self._clock = clock
        self._interval_s = interval_s
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        while not self._stopped.is_set():
            await self._forget()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval_s):
                    await self._stopped.wait()

    def stop(self) -> None:
        self._stopped.set()

    async def _forget(self) -> None:
        """Once; while the database is away, another time will do."""
        try:
            async with self._database.transaction() as session:
                forgotten = await forget_old(session, self._clock.now() - KEYS_LAST)
        except Exception as error:
            if not is_transient(error):
                log.exception("housekeeping_failed")
            return
        if forgotten:
            log.info("house_kept", idempotency_keys_forgotten=forgotten)
