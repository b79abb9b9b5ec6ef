"""Dead letters, per key. A message that cannot be applied is parked with its reason; what follows it
under the same key waits behind it, so that redriving keeps the order. Other keys go on.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, delete, distinct, func, select, update
from sqlalchemy.dialects.postgresql import insert

from service_kit.consumer.tables import ConsumerTables
from service_kit.db import ReadSession, WriteSession
from service_kit.messages import Message, TopicPartition

BEHIND = "waits behind an earlier message of its key"
MAX_REASON_CHARACTERS = 2000


class TopicKey(NamedTuple):
    """What is parked: one key of one topic."""

    topic: str
    key: bytes


class Parked(NamedTuple):
    """A parked message with its reason."""

    message: Message
    reason: str


class ParkingLot:
    """The parked messages of one consumer group."""

    def __init__(self, tables: ConsumerTables, group: str) -> None:
        self._table = tables.parked
        self.group = group

    async def park(self, session: WriteSession, entries: Iterable[Parked]) -> None:
        """Store messages. One that is parked already stays as it is."""
        rows = [self._to_row(entry) for entry in entries]
        if rows:
            # Row by row in one pipeline: a statement takes 32,767 parameters, a whole batch has more.
            await session.execute(insert(self._table).on_conflict_do_nothing(), rows)

    async def keys(self, session: ReadSession, topics: Iterable[str]) -> set[TopicKey]:
        """The keys of these topics that are parked now; messages without a key block nobody."""
        table = self._table
        mine = (self._mine(), table.c.topic.in_(list(topics)), table.c.key.is_not(None))
        query = select(table.c.topic, table.c.key).distinct().where(*mine)
        return {TopicKey(topic, key) for topic, key in await session.execute(query)}

    async def count_keys(self, session: ReadSession) -> int:
        """How many keys are parked, a message without a key counting as one."""
        table = self._table
        keyed = func.count(
            distinct(func.concat(table.c.topic, "\t", func.encode(table.c.key, "hex")))
        ).filter(table.c.key.is_not(None))
        keyless = func.count().filter(table.c.key.is_(None))
        return int((await session.execute(select(keyed + keyless).where(self._mine()))).scalar_one())

    async def places(self, session: ReadSession, key: bytes | None = None) -> list[TopicPartition]:
        """The partitions that have parked messages, optionally of one key."""
        table = self._table
        query = select(table.c.topic, table.c.partition).distinct().where(self._mine())
        if key is not None:
            query = query.where(table.c.key == key)
        return sorted(TopicPartition(*row) for row in await session.execute(query))

    async def read(
        self, session: ReadSession, place: TopicPartition, key: bytes | None = None
    ) -> list[Parked]:
        """The parked messages of a partition in their order in Kafka, optionally of one key."""
        table = self._table
        query = (
            select(table)
            .where(self._mine(), table.c.topic == place.topic, table.c.partition == place.partition)
            .order_by(table.c.kafka_offset)
        )
        if key is not None:
            query = query.where(table.c.key == key)
        return [_from_row(row) for row in await session.execute(query)]

    async def holds_before(self, session: ReadSession, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether a message of any key is parked in one of these places before its end."""
        table = self._table
        query = (
            select(table.c.topic, table.c.partition, func.min(table.c.kafka_offset))
            .where(self._mine(), table.c.key.is_not(None))
            .group_by(table.c.topic, table.c.partition)
        )
        firsts = {TopicPartition(*row[:2]): row[2] for row in await session.execute(query)}
        return any(place in ends and first < ends[place] for place, first in firsts.items())

    async def explain(self, session: WriteSession, message: Message, reason: str) -> None:
        """Replace the reason of a parked message after another failed try."""
        await session.execute(
            update(self._table).where(self._is(message)).values(reason=_storable_reason(reason))
        )

    async def remove(self, session: WriteSession, messages: Sequence[Message]) -> None:
        """Forget messages that were applied, or that a person decided to discard."""
        for message in messages:
            await session.execute(delete(self._table).where(self._is(message)))

    def _mine(self) -> ColumnElement[bool]:
        return self._table.c.consumer_group == self.group

    def _is(self, message: Message) -> ColumnElement[bool]:
        table = self._table
        return and_(
            self._mine(),
            table.c.topic == message.topic,
            table.c.partition == message.partition,
            table.c.kafka_offset == message.offset,
        )

    def _to_row(self, entry: Parked) -> dict[str, Any]:
        message = entry.message
        return {
            "consumer_group": self.group,
            "topic": message.topic,
            "partition": message.partition,
            "kafka_offset": message.offset,
            "key": message.key,
            "value": message.value,
            "headers": [_header_to_json(name, value) for name, value in message.headers],
            "timestamp_ms": message.timestamp_ms,
            "reason": _storable_reason(entry.reason),
        }


def _header_to_json(name: str, value: bytes | None) -> list[str | None]:
    return [_storable(name), None if value is None else base64.b64encode(value).decode()]


def _header_from_json(name: str, value: str | None) -> tuple[str, bytes | None]:
    return name, None if value is None else base64.b64decode(value)


def _storable_reason(reason: str) -> str:
    return _storable(reason)[:MAX_REASON_CHARACTERS]


def _storable(words: str) -> str:
    # PostgreSQL's text holds no NUL: an error may quote the message that has one, a header's name have it.
    return words.replace("\x00", "\\u0000")


def _from_row(row: Row[Any]) -> Parked:
    message = Message(
        topic=row.topic,
        partition=row.partition,
        offset=row.kafka_offset,
        key=row.key,
        value=row.value,
        headers=tuple(_header_from_json(*header) for header in row.headers),
        timestamp_ms=row.timestamp_ms,
    )
    return Parked(message, row.reason)
