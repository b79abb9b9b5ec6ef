"""One contract, two sources: real Kafka and the broker in memory must behave the same."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from service_kit.consumer import Bounds, MessageSource, OffsetGapError
from service_kit.kafka import KafkaSource, SourceUnavailableError
from service_kit.messages import Message, TopicPartition
from service_kit.testing import MemoryBroker, MemorySource


class Broker(Protocol):
    topic: str

    def source(self, group: str) -> MessageSource: ...
    async def produce(self, partition: int, key: bytes | None, value: bytes | None, **more) -> None: ...
    async def delete_before(self, partition: int, offset: int) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self.topic = "conformance"
        self.broker = MemoryBroker()
        self.broker.create_topic(self.topic, 2)

    def source(self, group: str) -> MessageSource:
        return MemorySource(self.broker, [self.topic], group=group)

    async def produce(self, partition, key, value, *, headers=(), timestamp_ms=0) -> None:
        place = TopicPartition(self.topic, partition)
        self.broker.produce(place, key, value, headers=headers, timestamp_ms=timestamp_ms)

    async def delete_before(self, partition: int, offset: int) -> None:
        self.broker.delete_before(TopicPartition(self.topic, partition), offset)


class RealKafka:
    def __init__(self, bootstrap_servers: str) -> None:
        self.topic = f"conformance-{uuid.uuid4().hex[:8]}"
        self.bootstrap_servers = bootstrap_servers
        self.producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
        self.admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)

    async def start(self) -> None:
        await self.admin.start()
        topic = NewTopic(self.topic, num_partitions=2, replication_factor=1)
        await self.admin.create_topics([topic])
        await self.producer.start()

    async def stop(self) -> None:
        await self.producer.stop()
        await self.admin.delete_topics([self.topic])
        await self.admin.close()

    def source(self, group: str) -> MessageSource:
        return KafkaSource(self.bootstrap_servers, [self.topic], group=f"{group}-{self.topic}")

    async def produce(self, partition, key, value, *, headers=(), timestamp_ms=0) -> None:
        await self.producer.send_and_wait(
            self.topic,
            value,
            key=key,
            partition=partition,
            headers=list(headers),
            timestamp_ms=timestamp_ms or None,
        )

    async def delete_before(self, partition: int, offset: int) -> None:
        place = KafkaTopicPartition(self.topic, partition)
        await self.admin.delete_records({place: RecordsToDelete(before_offset=offset)})


@pytest.fixture(params=["memory", "kafka"])
async def broker(request) -> AsyncIterator[Broker]:
    if request.param == "memory":
        yield InMemory()
        return
    kafka = RealKafka(request.getfixturevalue("stack").bootstrap_servers)
    await kafka.start()
    yield kafka
    await kafka.stop()


@pytest.fixture
async def source(broker) -> AsyncIterator[MessageSource]:
    source = broker.source("readers")
    await source.start()
    yield source
    await source.stop()


def places(broker: Broker) -> list[TopicPartition]:
    return [TopicPartition(broker.topic, number) for number in range(2)]


async def assigned(source: MessageSource, count: int) -> None:
    async with asyncio.timeout(15):
        while len(source.assignment()) != count:
            await source.poll(max_messages=1, timeout_s=0.05)


async def read(source: MessageSource, count: int) -> Sequence[Message]:
    messages: list[Message] = []
    async with asyncio.timeout(15):
        while len(messages) < count:
            messages += await source.poll(max_messages=count, timeout_s=0.2)
    return messages


async def test_a_partition_is_silent_until_it_is_sought(broker, source):
    await broker.produce(0, b"k", b"v")
    generation = source.generation
    await assigned(source, 2)
    assert source.generation >= generation
    assert await source.poll(max_messages=10, timeout_s=0.5) == []
    source.seek(TopicPartition(broker.topic, 0), 0)
    [message] = await read(source, 1)
    assert (message.topic, message.partition, message.offset) == (broker.topic, 0, 0)
    assert (message.key, message.value) == (b"k", b"v")


async def test_messages_come_in_order_from_where_it_was_sought(broker, source):
    for number in range(10):
        await broker.produce(1, b"k", str(number).encode())
    await assigned(source, 2)
    source.seek(TopicPartition(broker.topic, 1), 3)
    assert [message.value for message in await read(source, 7)] == [str(n).encode() for n in range(3, 10)]


async def test_keys_values_headers_and_times_arrive_as_they_were_sent(broker, source):
    headers = [("epoch", b"2"), ("epoch", b"3"), ("traceparent", None)]
    await broker.produce(0, b"k", None, headers=headers, timestamp_ms=1_700_000_000_123)
    await broker.produce(0, None, b"v")
    await assigned(source, 2)
    source.seek(TopicPartition(broker.topic, 0), 0)
    first, second = await read(source, 2)
    assert (first.key, first.value, first.timestamp_ms) == (b"k", None, 1_700_000_000_123)
    assert first.headers == tuple(headers)
    assert first.header("epoch") == b"3"
    assert (second.key, second.value, second.headers) == (None, b"v", ())


async def test_no_more_messages_than_asked_for(broker, source):
    for _ in range(5):
        await broker.produce(0, b"k", b"v")
    await assigned(source, 2)
    source.seek(TopicPartition(broker.topic, 0), 0)
    assert 1 <= len(await source.poll(max_messages=2, timeout_s=5)) <= 2


async def test_an_empty_poll_takes_no_longer_than_its_time(broker, source):
    await assigned(source, 2)
    begin = time.monotonic()
    assert await source.poll(max_messages=1, timeout_s=0.2) == []
    assert time.monotonic() - begin < 2


async def test_bounds_follow_what_is_written_and_what_retention_deletes(broker, source):
    for _ in range(4):
        await broker.produce(0, b"k", b"v")
    await broker.delete_before(0, 2)
    await assigned(source, 2)
    bounds = await source.bounds(places(broker))
    assert bounds == {places(broker)[0]: Bounds(2, 4), places(broker)[1]: Bounds(0, 0)}


async def test_a_position_that_retention_has_passed_is_a_gap_never_a_jump(broker, source):
    for _ in range(4):
        await broker.produce(0, b"k", b"v")
    await broker.delete_before(0, 3)
    await assigned(source, 2)
    source.seek(TopicPartition(broker.topic, 0), 1)
    with pytest.raises(OffsetGapError):
        await read(source, 1)


async def test_offsets_at_a_time(broker, source):
    for number in range(3):
        await broker.produce(0, b"k", b"v", timestamp_ms=1_700_000_000_000 + number * 1000)
    await assigned(source, 2)
    first, second = places(broker)
    assert await source.offsets_at([first, second], 1_700_000_000_500) == {first: 1, second: 0}
    assert await source.offsets_at([first], 1_800_000_000_000) == {first: 3}


async def test_all_partitions_of_a_topic_are_known(broker, source):
    await assigned(source, 2)
    assert await source.partitions(broker.topic) == frozenset(places(broker))


async def test_two_members_share_and_a_leaving_one_hands_over(broker, source):
    await assigned(source, 2)
    generation = source.generation
    second = broker.source("readers")
    await second.start()
    await asyncio.gather(assigned(source, 1), assigned(second, 1))
    assert source.generation > generation
    assert source.assignment() | second.assignment() == frozenset(places(broker))
    [gone] = second.assignment()
    source.seek(gone, 0)  # of a partition that is another's: ignored
    generation = source.generation
    await second.stop()
    await assigned(source, 2)
    assert source.generation > generation
    await broker.produce(gone.partition, b"k", b"silent until sought again")
    assert await source.poll(max_messages=1, timeout_s=0.3) == []
    source.seek(gone, 0)
    assert len(await read(source, 1)) == 1


async def test_committing_is_only_a_hint(broker, source):
    await broker.produce(0, b"k", b"v")
    await assigned(source, 2)
    await source.commit({TopicPartition(broker.topic, 0): 1})
    await source.commit({TopicPartition("of another group", 0): 1})
    source.seek(TopicPartition(broker.topic, 0), 0)
    assert len(await read(source, 1)) == 1


async def test_stopping_twice_is_harmless(broker):
    source = broker.source("short")
    await source.start()
    await source.stop()
    await source.stop()


async def test_a_broker_that_is_away_is_a_passing_error():
    source = KafkaSource("127.0.0.1:1", ["any"], group="any")
    with pytest.raises(SourceUnavailableError):
        await source.start()
    await source.stop()
