"""After a re-snapshot: rows that it did not contain were deleted while nobody was listening.

A snapshot sends no deletes. Its rows share one `__lsn` and the last is marked; once every partition
has been read past the moment when that was seen, whatever was last seen before the snapshot's first
message is gone at the source, and the route's `sweep` removes it. What is parked was read and not
applied, so a sweep would take its row for gone: it waits until nothing of the snapshot's time is parked.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from service_kit import metrics
from service_kit.consumer.batch import Entry, Routes, by_topic
from service_kit.consumer.offsets import OffsetStore
from service_kit.consumer.parking import ParkingLot
from service_kit.consumer.source import MessageSource
from service_kit.consumer.tables import ConsumerTables
from service_kit.db import Database, WriteSession
from service_kit.messages import TopicPartition

if TYPE_CHECKING:
    from service_kit.cdc import Change

log = structlog.get_logger(__name__)
_LAST = {"last", "last_in_data_collection"}
# An incremental snapshot sends chunks between streamed changes: it has no end marker and no one lsn.
_NO_RUN = {None, "false", "incremental"}


class SnapshotSweeper:
    """Follows the snapshots of all topics that have a sweep."""

    def __init__(
        self,
        source: MessageSource,
        database: Database,
        tables: ConsumerTables,
        offsets: OffsetStore,
        parking: ParkingLot,
        *,
        routes: Routes,
    ) -> None:
        self._source = source
        self._database = database
        self._table = tables.snapshot
        self._offsets = offsets
        self._parking = parking
        self._sweeps = {route.topic: route.sweep for route in routes.values() if route.sweep is not None}

    async def note(self, session: WriteSession, entries: Iterable[Entry]) -> None:
        """Remember the snapshots that a batch's rows belong to, in the batch's transaction."""
        for topic, group in by_topic(entries).items():
            if topic in self._sweeps:
                for run in _runs(topic, group):
                    await self._remember(session, run)

    async def tick(self) -> None:
        """Take each finished snapshot one step further. Cheap when there is none."""
        if not self._sweeps:
            return
        table = self._table
        query = select(table).where(table.c.completed_at.is_not(None), table.c.swept_at.is_(None))
        async with self._database.read() as session:
            runs = (await session.execute(query)).all()
        for run in runs:
            if run.topic in self._sweeps:
                await (self._require(run) if run.required is None else self._sweep(run))

    async def _remember(self, session: WriteSession, run: dict[str, Any]) -> None:
        statement = insert(self._table).values(**run)
        excluded = statement.excluded
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["topic", "epoch", "lsn"],
                set_={
                    "started_ms": func.least(self._table.c.started_ms, excluded.started_ms),
                    "completed_at": func.coalesce(self._table.c.completed_at, excluded.completed_at),
                },
            )
        )

    async def _require(self, run: Row[Any]) -> None:
        """Fix how far every partition must be read before the sweep."""
        places = await self._source.partitions(run.topic)
        if not places:
            # The client has just been replaced and knows no topic yet: of none, nothing would be swept.
            return
        bounds = await self._source.bounds(places)
        required = {str(place.partition): bound.end for place, bound in bounds.items()}
        async with self._database.transaction() as session:
            await session.execute(update(self._table).where(*self._is(run)).values(required=required))

    async def _sweep(self, run: Row[Any]) -> None:
        places = {TopicPartition(run.topic, int(number)): end for number, end in run.required.items()}
        async with self._database.transaction() as session:
            stored = await self._offsets.load(session, places)
            if any(stored.get(place, 0) < end for place, end in places.items()):
                return
            if await self._parking.holds_before(session, places):
                return
            query = select(self._table).where(*self._is(run), self._table.c.swept_at.is_(None))
            locked = (await session.execute(query.with_for_update(skip_locked=True))).one_or_none()
            if locked is not None:
                await self._sweep_locked(session, locked, places)

    async def _sweep_locked(
        self, session: WriteSession, run: Row[Any], places: Mapping[TopicPartition, int]
    ) -> None:
        found = await self._source.offsets_at(places, run.started_ms)
        boundaries = {place.partition: offset for place, offset in found.items()}
        swept = await self._sweeps[run.topic](session, boundaries)
        await session.execute(update(self._table).where(*self._is(run)).values(swept_at=func.now()))
        metrics.SWEPT.labels(self._offsets.group, run.topic).inc(swept)
        log.info("snapshot swept", topic=run.topic, snapshot_lsn=run.lsn, rows=swept)

    def _is(self, run: Row[Any]) -> tuple[Any, ...]:
        columns = self._table.c
        return (columns.topic == run.topic, columns.epoch == run.epoch, columns.lsn == run.lsn)


def _runs(topic: str, entries: Iterable[Entry]) -> list[dict[str, Any]]:
    runs: dict[tuple[int, int], dict[str, Any]] = {}
    for entry in entries:
        change: Change[Any] = entry.event  # type: ignore[assignment]  # set_aside left only decoded ones
        if change.row.op != "r" or change.row.snapshot in _NO_RUN:
            continue
        key = (change.epoch, change.row.lsn)
        started_ms = entry.message.timestamp_ms
        run = runs.setdefault(
            key,
            {"topic": topic, "epoch": key[0], "lsn": key[1], "started_ms": started_ms, "completed_at": None},
        )
        run["started_ms"] = min(run["started_ms"], started_ms)
        if change.row.snapshot in _LAST:
            run["completed_at"] = func.now()
    return list(runs.values())
