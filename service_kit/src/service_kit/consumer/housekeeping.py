"""What a consumer does beside its batches, every few seconds."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

import structlog

from service_kit import metrics
from service_kit.clock import Clock
from service_kit.consumer.parking import ParkingLot
from service_kit.consumer.progress import Progress
from service_kit.consumer.snapshots import SnapshotSweeper
from service_kit.consumer.source import MessageSource
from service_kit.db import Database, is_transient
from service_kit.messages import TopicPartition

log = structlog.get_logger(__name__)
Positions = Mapping[TopicPartition, int]
# Times out of which parked keys are counted once: an alert or a dashboard looks less often still.
_COUNTED_EVERY = 5


class Housekeeper:
    """Measures the lag, tells the broker how far we are, goes on with sweeps, counts what is parked."""

    def __init__(
        self,
        source: MessageSource,
        database: Database,
        sweeper: SnapshotSweeper,
        parking: ParkingLot,
        progress: Progress,
        *,
        positions: Callable[[], Positions | None],
        clock: Clock,
        interval_s: float,
    ) -> None:
        """`positions` says where the consumer's partitions continue, or None during a rebalance."""
        self._source = source
        self._database = database
        self._sweeper = sweeper
        self._parking = parking
        self._progress = progress
        self._positions = positions
        self._clock = clock
        self._interval_s = interval_s
        self._times = 0
        self._measured: frozenset[TopicPartition] = frozenset()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep house until the block ends."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(self._interval_s)
            try:
                await self._once()
            except Exception as error:
                if not is_transient(error):
                    log.exception("housekeeping failed")
                # A passing error shows in readiness when it lasts.

    async def _once(self) -> None:
        if (positions := self._positions()) is not None:
            await self._measure(positions)
            await self._source.commit(positions)
        await self._sweeper.tick()
        if self._times % _COUNTED_EVERY == 0:
            await self._count_parked()
        self._times += 1

    async def _measure(self, positions: Positions) -> None:
        if not positions:
            # Standing by: more members than partitions, which is no fault.
            self._progress.positioned()
        bounds = await self._source.bounds(positions)
        lag = {place: bounds[place].end - offset for place, offset in positions.items()}
        self._export(lag)
        self._progress.measured(lag)

    def _export(self, lag: Positions) -> None:
        for place, messages in lag.items():
            metrics.LAG.labels(self._parking.group, *place).set(messages)
        # What has gone to another member is exported there: its last lag here would stand for ever.
        for place in self._measured - lag.keys():
            metrics.LAG.remove(self._parking.group, *place)
        self._measured = frozenset(lag)

    async def _count_parked(self) -> None:
        async with self._database.read() as session:
            parked = await self._parking.count_keys(session)
        metrics.PARKED_KEYS.labels(self._parking.group).set(parked)
