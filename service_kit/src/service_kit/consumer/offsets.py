"""Offsets live in the service's database and move by compare-and-swap in the batch's own transaction.

So a message is applied exactly once: its effects and the offset behind it are committed together, and
a consumer that was thought dead, or that replays, finds the offset moved and rolls back.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from service_kit.consumer.tables import ConsumerTables
from service_kit.db import ReadSession, WriteSession
from service_kit.messages import TopicPartition

Offsets = Mapping[TopicPartition, int]

_MOVE = text(
    "UPDATE consumer_offset AS o SET next_offset = u.new, updated_at = now()"
    " FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]),"
    "             CAST(:olds AS bigint[]), CAST(:news AS bigint[])) AS u(topic, partition, old, new)"
    " WHERE o.consumer_group = :consumer_group AND o.topic = u.topic AND o.partition = u.partition"
    "   AND o.next_offset = u.old"
)


class OffsetConflictError(Exception):
    """Another consumer of the group has moved the offset: this batch is not ours to apply."""


class OffsetStore:
    """The stored offsets of one consumer group."""

    def __init__(self, tables: ConsumerTables, group: str) -> None:
        self._table = tables.offset
        self.group = group

    async def load(self, session: ReadSession, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The next offset of each place that has one."""
        table = self._table
        rows = await session.execute(
            select(table.c.topic, table.c.partition, table.c.next_offset).where(
                table.c.consumer_group == self.group,
                tuple_(table.c.topic, table.c.partition).in_(list(places)),
            )
        )
        return {TopicPartition(topic, partition): offset for topic, partition, offset in rows}

    async def create(self, session: WriteSession, offsets: Offsets) -> None:
        """Store where partitions begin that were never read; one that exists meanwhile is kept."""
        rows: list[dict[str, Any]] = [
            {
                "consumer_group": self.group,
                "topic": place.topic,
                "partition": place.partition,
                "next_offset": offset,
            }
            for place, offset in offsets.items()
        ]
        await session.execute(insert(self._table).values(rows).on_conflict_do_nothing())

    async def move(self, session: WriteSession, old: Offsets, new: Offsets) -> None:
        """Compare-and-swap every place of `new` from its value in `old`; it also locks the rows.

        Raises:
            OffsetConflictError: at least one was moved by somebody else.
        """
        places = sorted(new)
        result = await session.execute(
            _MOVE,
            {
                "consumer_group": self.group,
                "topics": [place.topic for place in places],
                "partitions": [place.partition for place in places],
                "olds": [old[place] for place in places],
                "news": [new[place] for place in places],
            },
        )
        if result.rowcount != len(places):  # type: ignore[attr-defined]  # a CursorResult for an UPDATE
            raise OffsetConflictError

    async def lock(self, session: WriteSession, place: TopicPartition) -> None:
        """Keep the consumer from moving this place until the transaction ends."""
        await session.execute(
            select(func.count()).select_from(
                select(self._table)
                .where(
                    self._table.c.consumer_group == self.group,
                    self._table.c.topic == place.topic,
                    self._table.c.partition == place.partition,
                )
                .with_for_update()
                .subquery()
            )
        )
