"""Wakes the sender when a mail is queued, so that it need not look every moment."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import structlog

from notification.queries.mails import CHANNEL
from service_kit.clock import Clock
from service_kit.db import Database

log = structlog.get_logger(__name__)
_AGAIN_AFTER_S = 1.0


class Listener:
    """A part for `process.serve`. While it cannot listen, the sender's own rounds go on."""

    def __init__(self, database: Database, wake: Callable[[], None], *, clock: Clock) -> None:
        self._database = database
        self._wake = wake
        self._clock = clock
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        listening = asyncio.create_task(self._listen())
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait([listening, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            listening.cancel()
            await asyncio.wait([listening])
        if not listening.cancelled():
            listening.result()

    def stop(self) -> None:
        self._stopped.set()

    async def _listen(self) -> None:
        while True:
            try:
                async with aclosing(self._database.listen(CHANNEL)) as wakings:
                    async for _ in wakings:
                        self._wake()
            except Exception as error:  # noqa: BLE001 - listening only makes it faster: never end for it
                log.warning("sender_listen_failed", error=type(error).__name__)
            await self._clock.sleep(_AGAIN_AFTER_S)
