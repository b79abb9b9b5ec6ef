"""The consumer: from a topic into the service's own database, each message exactly once.

In one transaction a batch moves the stored offsets by compare-and-swap, parks what cannot be applied
and applies the rest. The offset that the broker is told afterwards is only a hint.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

import stamina
import structlog

from service_kit import metrics
from service_kit.clock import Clock
from service_kit.consumer import batch
from service_kit.consumer.housekeeping import Housekeeper
from service_kit.consumer.offsets import OffsetConflictError, OffsetStore
from service_kit.consumer.options import ConsumerOptions
from service_kit.consumer.parking import Parked, ParkingLot, TopicKey
from service_kit.consumer.progress import Progress
from service_kit.consumer.routes import Route
from service_kit.consumer.snapshots import SnapshotSweeper
from service_kit.consumer.source import MessageSource, OffsetGapError
from service_kit.consumer.tables import ConsumerTables
from service_kit.db import Database, WriteSession, is_transient
from service_kit.health import NotReadyError
from service_kit.messages import Message, TopicPartition

log = structlog.get_logger(__name__)
T = TypeVar("T")
Positions = dict[TopicPartition, int]


class ConsumerHaltedError(Exception):
    """Going on would lose or spoil data: a person has to look. Nothing was lost by stopping."""


class _StoppedError(Exception):
    """`stop` was called while an error was being retried."""


class Consumer:
    """One member of a consumer group.

    `run` returns after `stop` and raises nothing that can be foreseen: passing errors of Kafka or the
    database are retried, and where going on would lose data it halts, leaves the group and stays up,
    not ready, so that the reason can be read where people look for it. `check` is for readiness.
    """

    def __init__(
        self,
        source: MessageSource,
        database: Database,
        tables: ConsumerTables,
        routes: Iterable[Route],
        *,
        group: str,
        clock: Clock,
        options: ConsumerOptions | None = None,
    ) -> None:
        self._source = source
        self._database = database
        self._routes = {route.topic: route for route in routes}
        self._group = group
        self._clock = clock
        self._options = options or ConsumerOptions()
        self._offsets = OffsetStore(tables, group)
        self._parking = ParkingLot(tables, group)
        self._sweeper = SnapshotSweeper(
            source, database, tables, self._offsets, self._parking, routes=self._routes
        )
        self.progress = Progress(clock, self._options.stall_s)
        self._housekeeper = Housekeeper(
            source,
            database,
            self._sweeper,
            self._parking,
            self.progress,
            positions=self._settled_positions,
            clock=clock,
            interval_s=self._options.housekeeping_s,
        )
        self._stopping = asyncio.Event()
        self._generation: int | None = None
        self._positions: Positions = {}
        self._parked_keys: set[TopicKey] = set()

    def stop(self) -> None:
        """End `run` after the batch under way."""
        self._stopping.set()

    async def run(self) -> None:
        """Consume until `stop`."""
        metrics.begin_at_zero(self._group, self._routes)
        metrics.HALTED.labels(self._group).set(0)
        try:
            await self._retried(self._source.start)
            async with self._housekeeper.running():
                while not self._stopping.is_set():
                    await self._turn()
        except _StoppedError:
            log.info("stopped while waiting for something to come back")
        except (ConsumerHaltedError, OffsetGapError) as error:
            self._halt(str(error))
        finally:
            await self._leave()
        await self._stopping.wait()

    async def check(self) -> None:
        """Raise `NotReadyError` when this consumer does not get on."""
        if (problem := self.progress.problem()) is not None:
            raise NotReadyError(problem)

    def _halt(self, reason: str) -> None:
        metrics.HALTED.labels(self._group).set(1)
        self.progress.halted(reason)
        log.critical("consumer halted", reason=reason)

    async def _turn(self) -> None:
        if self._source.generation != self._generation:
            await self._retried(self._take_positions)
        messages = await self._poll()
        if self._source.generation == self._generation:
            await self._apply([message for message in messages if message.topic_partition in self._positions])
        self.progress.turned()

    async def _poll(self) -> Sequence[Message]:
        options = self._options
        try:
            return await self._source.poll(max_messages=options.max_batch, timeout_s=options.poll_s)
        except OSError as error:
            # A client that failed once may be broken for good: a new one joins the group in its place.
            log.warning("Kafka failed: joining the group anew", error=type(error).__name__)
            await self._source.stop()
            await self._retried(self._source.start)
            self._generation = None
            return []

    async def _take_positions(self) -> None:
        """After a rebalance: ask the database where each of our partitions continues."""
        generation, places = self._source.generation, self._source.assignment()
        positions = await self._stored_or_first(places) if places else {}
        for place, offset in positions.items():
            metrics.CONSUMED.labels(self._group, *place)
            self._source.seek(place, offset)
        self._positions, self._generation = positions, generation
        if places:
            self.progress.positioned()
            log.info(
                "partitions taken", partitions={f"{p.topic}/{p.partition}": o for p, o in positions.items()}
            )

    async def _stored_or_first(self, places: frozenset[TopicPartition]) -> Positions:
        bounds = await self._source.bounds(places)
        async with self._database.transaction() as session:
            stored = await self._offsets.load(session, places)
            new = {place: bounds[place].beginning for place in places - stored.keys()}
            if new:
                await self._offsets.create(session, new)
                stored = await self._offsets.load(session, places)
            self._parked_keys = await self._parking.keys(session, {place.topic for place in places})
        for place, offset in stored.items():
            if not bounds[place].beginning <= offset <= bounds[place].end:
                raise OffsetGapError(
                    f"{place.topic}/{place.partition} is to continue at offset {offset}, but the topic holds"
                    f" {bounds[place].beginning} to {bounds[place].end}: messages are missing"
                )
        return stored

    async def _apply(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        ends = {message.topic_partition: message.offset + 1 for message in messages}
        with structlog.contextvars.bound_contextvars(batch=self._extent(ends)):
            await self._apply_batch(messages, ends)

    def _extent(self, ends: Positions) -> dict[str, str]:
        """What a batch holds, for the log lines about it: topic/partition → first to last offset."""
        return {
            f"{place.topic}/{place.partition}": f"{self._positions[place]}-{end - 1}"
            for place, end in ends.items()
        }

    async def _apply_batch(self, messages: Sequence[Message], ends: Positions) -> None:
        entries = batch.decode(self._routes, messages)
        with metrics.BATCH_SECONDS.labels(self._group).time():
            try:
                await self._commit_or_isolate(entries, ends)
            except OffsetConflictError:
                metrics.CONFLICTS.labels(self._group).inc()
                log.warning("offsets were moved by another consumer: rolled back")
                self._generation = None
                return
        if self._source.generation == self._generation:
            self._positions |= ends
        self._report(messages)

    async def _commit_or_isolate(self, entries: Sequence[batch.Entry], ends: Positions) -> None:
        try:
            await self._retried(lambda: self._commit(entries, ends, isolate=False))
        except (OffsetConflictError, ConsumerHaltedError, _StoppedError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the batch is tried apart
            log.warning("a batch holds something that cannot be applied", error=type(error).__name__)
            await self._retried(lambda: self._commit(entries, ends, isolate=True))

    async def _commit(self, entries: Sequence[batch.Entry], ends: Positions, *, isolate: bool) -> None:
        async with self._database.transaction() as session:
            await self._offsets.move(session, self._positions, ends)
            blocked = await self._blocked(session, entries)
            good, parked = batch.set_aside(entries, blocked)
            if isolate:
                parked += await batch.apply_apart(session, self._routes, good)
            else:
                await batch.apply_together(session, self._routes, good)
            await self._sweeper.note(session, good)
            await self._park(session, parked)

    async def _blocked(self, session: WriteSession, entries: Sequence[batch.Entry]) -> set[TopicKey]:
        # Only this consumer parks keys of its partitions, so what it remembers can be too much (after
        # a redrive), never too little: the database is asked only when a remembered key comes by.
        if self._parked_keys and any(entry.topic_key in self._parked_keys for entry in entries):
            self._parked_keys = await self._parking.keys(session, self._routes)
        return set(self._parked_keys)

    async def _park(self, session: WriteSession, parked: Sequence[Parked]) -> None:
        if not parked:
            return
        await self._parking.park(session, parked)
        keys = await self._parking.count_keys(session)
        if keys > self._options.max_parked_keys:
            raise ConsumerHaltedError(
                f"{keys} keys cannot be applied (the limit is {self._options.max_parked_keys}): this looks"
                " like a bad deployment; nothing of this batch was applied or skipped"
            )
        self._parked_keys = await self._parking.keys(session, self._routes)
        for entry in parked:
            message = entry.message
            metrics.PARKED.labels(self._group, message.topic).inc()
            # The reason may quote the message; it stays in the table, out of the logs.
            log.error(
                "message parked", topic=message.topic, partition=message.partition, offset=message.offset
            )

    def _report(self, messages: Sequence[Message]) -> None:
        self.progress.advanced()
        metrics.BATCH_MESSAGES.labels(self._group).observe(len(messages))
        oldest_s = min(message.timestamp_ms for message in messages) / 1000
        metrics.FRESHNESS_SECONDS.labels(self._group).observe(
            max(0.0, self._clock.now().timestamp() - oldest_s)
        )
        counts: dict[TopicPartition, int] = {}
        for message in messages:
            counts[message.topic_partition] = counts.get(message.topic_partition, 0) + 1
        for place, count in counts.items():
            metrics.CONSUMED.labels(self._group, place.topic, place.partition).inc(count)

    async def _retried(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work`, and again after each passing error, with back-off and jitter, until `stop`."""
        async for attempt in stamina.retry_context(
            on=is_transient, attempts=None, timeout=None, wait_initial=0.1, wait_max=5.0
        ):
            with attempt:
                if attempt.num > 1:
                    metrics.RETRIES.labels(self._group).inc()
                    if self._stopping.is_set():
                        raise _StoppedError
                return await work()
        raise AssertionError("unreachable: attempts are unlimited")

    def _settled_positions(self) -> Positions | None:
        """Where our partitions continue; None while a rebalance is under way."""
        return dict(self._positions) if self._source.generation == self._generation else None

    async def _leave(self) -> None:
        with suppress(OSError):
            if (positions := self._settled_positions()) is not None:
                await self._source.commit(positions)
        await self._source.stop()
