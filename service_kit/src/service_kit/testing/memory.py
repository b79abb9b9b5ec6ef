"""Kafka in memory, for tests of what is not Kafka: topics, groups, rebalancing, retention."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from service_kit.consumer.source import Bounds, OffsetGapError
from service_kit.messages import Message, TopicPartition


class MemoryBroker:
    """Holds topics and deals their partitions out to the members of each group."""

    def __init__(self) -> None:
        self._logs: dict[TopicPartition, list[Message]] = {}
        self._beginnings: dict[TopicPartition, int] = {}
        self._groups: dict[str, list[MemorySource]] = {}
        self.committed: dict[tuple[str, TopicPartition], int] = {}
        self.arrived = asyncio.Event()

    def create_topic(self, topic: str, partitions: int) -> None:
        for number in range(partitions):
            self._logs[TopicPartition(topic, number)] = []
            self._beginnings[TopicPartition(topic, number)] = 0

    def produce(
        self,
        place: TopicPartition,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Sequence[tuple[str, bytes | None]] = (),
        timestamp_ms: int = 0,
    ) -> int:
        """Append a message and return its offset."""
        log = self._logs[place]
        log.append(Message(*place, len(log), key, value, tuple(headers), timestamp_ms))
        self.arrived.set()
        return len(log) - 1

    def delete_before(self, place: TopicPartition, offset: int) -> None:
        """What retention does: the topic begins at `offset` from now on."""
        self._beginnings[place] = offset

    def places(self, topics: Iterable[str]) -> list[TopicPartition]:
        wanted = set(topics)
        return sorted(place for place in self._logs if place.topic in wanted)

    def bounds(self, place: TopicPartition) -> Bounds:
        return Bounds(self._beginnings[place], len(self._logs[place]))

    def read(self, place: TopicPartition, offset: int, count: int) -> list[Message]:
        if not self._beginnings[place] <= offset <= len(self._logs[place]):
            raise OffsetGapError(f"{place.topic}/{place.partition} does not hold offset {offset}")
        return self._logs[place][offset : offset + count]

    def offset_at(self, place: TopicPartition, timestamp_ms: int) -> int:
        later = (message.offset for message in self._logs[place] if message.timestamp_ms >= timestamp_ms)
        return next(later, len(self._logs[place]))

    def join(self, group: str, member: "MemorySource") -> None:
        self._groups.setdefault(group, []).append(member)
        self._rebalance(group)

    def leave(self, group: str, member: "MemorySource") -> None:
        if member in self._groups.get(group, []):
            self._groups[group].remove(member)
            self._rebalance(group)

    def _rebalance(self, group: str) -> None:
        members = self._groups[group]
        for index, member in enumerate(members):
            member.assign(self.places(member.topics)[index :: len(members)])


class MemorySource:
    """A member of a group on a `MemoryBroker`; implements `MessageSource`."""

    def __init__(self, broker: MemoryBroker, topics: Sequence[str], *, group: str) -> None:
        self.topics = list(topics)
        self._broker = broker
        self._group = group
        self._generation = 0
        self._assignment: frozenset[TopicPartition] = frozenset()
        self._positions: dict[TopicPartition, int] = {}

    @property
    def generation(self) -> int:
        return self._generation

    def assign(self, places: Iterable[TopicPartition]) -> None:
        """Called by the broker at each rebalance: all positions are forgotten."""
        self._assignment = frozenset(places)
        self._positions = {}
        self._generation += 1

    def assignment(self) -> frozenset[TopicPartition]:
        return self._assignment

    async def start(self) -> None:
        self._broker.join(self._group, self)

    async def stop(self) -> None:
        self._broker.leave(self._group, self)

    async def poll(self, *, max_messages: int, timeout_s: float) -> Sequence[Message]:
        messages = self._take(max_messages)
        if not messages:
            self._broker.arrived.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._broker.arrived.wait()
            except TimeoutError:
                return []
            messages = self._take(max_messages)
        return messages

    def _take(self, max_messages: int) -> list[Message]:
        taken: list[Message] = []
        for place, offset in sorted(self._positions.items()):
            messages = self._broker.read(place, offset, max_messages - len(taken))
            self._positions[place] = offset + len(messages)
            taken += messages
        return taken

    def seek(self, place: TopicPartition, offset: int) -> None:
        if place in self._assignment:
            self._positions[place] = offset

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        if offsets.keys() <= self._assignment:
            for place, offset in offsets.items():
                self._broker.committed[self._group, place] = offset

    async def bounds(self, places: Iterable[TopicPartition]) -> Mapping[TopicPartition, Bounds]:
        return {place: self._broker.bounds(place) for place in places}

    async def partitions(self, topic: str) -> frozenset[TopicPartition]:
        return frozenset(self._broker.places([topic]))

    async def offsets_at(
        self, places: Iterable[TopicPartition], timestamp_ms: int
    ) -> Mapping[TopicPartition, int]:
        return {place: self._broker.offset_at(place, timestamp_ms) for place in places}
