"""Where a consumer continues, shown and set by a person: after a restore, or when a topic was made anew.

Its database then speaks of a log that is not the one in Kafka. Not only the offsets do: a parked message
would hold up the snapshot's row of its key, or hide one that gets its offset; a snapshot that was
half read would never be swept; and a row that was seen at an offset far ahead would escape every sweep.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import delete, func, tuple_
from sqlalchemy.dialects.postgresql import insert

from service_kit.consumer.offsets import OffsetStore
from service_kit.consumer.source import Bounds, MessageSource
from service_kit.consumer.tables import ConsumerTables
from service_kit.db import Database, WriteSession
from service_kit.messages import TopicPartition
from service_kit.projection import TrackedRow, forget_places

Ends = Mapping[TopicPartition, int]


class NoTopicError(Exception):
    """A topic that the consumer reads does not exist."""


class Position(NamedTuple):
    """Where a partition continues (None: it was never read), and what the topic holds."""

    place: TopicPartition
    stored: int | None
    bounds: Bounds

    @property
    def is_gap(self) -> bool:
        """Whether a consumer would halt here: what it is to read next is not in the topic."""
        return self.stored is not None and not self.bounds.beginning <= self.stored <= self.bounds.end


@dataclass(frozen=True, slots=True)
class Repositioned:
    """What was done: where each partition continues, and how many messages are parked no more."""

    ends: Ends
    discarded: int


class Repositioner:
    """Shows and sets where the consumer of a group continues."""

    def __init__(
        self,
        source: MessageSource,
        database: Database,
        tables: ConsumerTables,
        projections: Iterable[type[TrackedRow]],
        *,
        topics: Sequence[str],
        group: str,
    ) -> None:
        """Connects to nothing yet.

        Args:
            source: asked what the topics hold, and never read from. Its group must not be the consumer's:
                joining that one would take partitions away from it.
            database: the service's own.
            tables: the consumer's tables there.
            projections: the service's classes of tracked rows.
            topics: what the consumer reads.
            group: the consumer's group.
        """
        self._source = source
        self._database = database
        self._tables = tables
        self._projections = list(projections)
        self._topics = list(topics)
        self._offsets = OffsetStore(tables, group)

    async def positions(self) -> list[Position]:
        """Where each partition continues.

        Raises:
            NoTopicError: a topic is missing.
            OSError: Kafka does not answer.
        """
        bounds = await self._bounds()
        async with self._database.read() as session:
            stored = await self._offsets.load(session, bounds)
        return [Position(place, stored.get(place), bounds[place]) for place in sorted(bounds)]

    async def to_end(self) -> Repositioned:
        """Skip all that the topics hold now; a new snapshot must follow, which tells the state anew.

        A consumer that runs meanwhile finds its next compare-and-swap failing, and continues here.

        Raises:
            NoTopicError: a topic is missing.
            OSError: Kafka does not answer.
        """
        ends = {place: bound.end for place, bound in (await self._bounds()).items()}
        async with self._database.transaction() as session:
            await self._continue_at(session, ends)
            discarded = await self._discard_parked(session)
            await self._forget_unswept_snapshots(session)
            for projection in self._projections:
                await forget_places(session, projection)
        return Repositioned(ends, discarded)

    async def _bounds(self) -> Mapping[TopicPartition, Bounds]:
        async with _started(self._source) as source:
            places: set[TopicPartition] = set()
            for topic in self._topics:
                found = await source.partitions(topic)
                if not found:
                    raise NoTopicError(f"there is no topic {topic}")
                places |= found
            return await source.bounds(places)

    async def _continue_at(self, session: WriteSession, ends: Ends) -> None:
        table, group = self._tables.offset, self._offsets.group
        # A partition that the topic does not have now may come later, and begins at its beginning then.
        await session.execute(
            delete(table).where(
                table.c.consumer_group == group,
                table.c.topic.in_(self._topics),
                tuple_(table.c.topic, table.c.partition).not_in(list(ends)),
            )
        )
        rows = [
            {"consumer_group": group, "topic": place.topic, "partition": place.partition, "next_offset": end}
            for place, end in sorted(ends.items())
        ]
        statement = insert(table).values(rows)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["consumer_group", "topic", "partition"],
                set_={"next_offset": statement.excluded.next_offset, "updated_at": func.now()},
                where=table.c.next_offset != statement.excluded.next_offset,
            )
        )

    async def _discard_parked(self, session: WriteSession) -> int:
        table = self._tables.parked
        mine = (table.c.consumer_group == self._offsets.group, table.c.topic.in_(self._topics))
        return len((await session.execute(delete(table).where(*mine).returning(table.c.id))).all())

    async def _forget_unswept_snapshots(self, session: WriteSession) -> None:
        table = self._tables.snapshot
        await session.execute(
            delete(table).where(table.c.topic.in_(self._topics), table.c.swept_at.is_(None))
        )


@asynccontextmanager
async def _started(source: MessageSource) -> AsyncIterator[MessageSource]:
    try:
        await source.start()
        yield source
    finally:
        await source.stop()
