"""A consumer whose database or topic was replaced: where it continues, and that nothing is left behind."""

import argparse
import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from sqlalchemy import BigInteger, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service_kit.cdc import RowChange, row_change_decoder
from service_kit.clock import SystemClock
from service_kit.consumer import Consumer, ConsumerOptions, Repositioner, Route, define
from service_kit.consumer.cli import add_offsets_command, run_offsets_command
from service_kit.consumer.reposition import NoTopicError
from service_kit.db import metadata
from service_kit.kafka import KafkaSource
from service_kit.messages import TopicPartition
from service_kit.projection import TrackedRow, sweep_unseen, touch_seen, upsert_newer
from service_kit.testing import MemoryBroker, MemorySource, TemplateDatabase

TOPIC = "source.public.thing"
GROUP = "things"
PARTITIONS = 2


class Base(DeclarativeBase):
    metadata = metadata()


TABLES = define(Base.metadata)


class Thing(TrackedRow, Base):
    __tablename__ = "thing"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str]


class ThingChange(RowChange, kw_only=True):
    id: int
    name: str


async def handle(session, changes) -> None:
    rows = [
        {
            "id": change.row.id,
            "name": change.row.name,
            "epoch": change.epoch,
            "lsn": change.row.version_lsn,
            "deleted": change.deleted,
            "kafka_partition": change.message.partition,
            "kafka_offset": change.message.offset,
        }
        for change in changes
    ]
    await upsert_newer(session, Thing.__table__, rows, key="id")
    await touch_seen(session, Thing.__table__, rows, key="id")


async def sweep(session, boundaries) -> int:
    return len(await sweep_unseen(session, Thing.__table__, boundaries, key="id"))


ROUTE = Route(TOPIC, row_change_decoder(ThingChange), handle, sweep)


@pytest.fixture(scope="session")
async def template(template_of) -> AsyncIterator[TemplateDatabase]:
    async with template_of("kit_reposition", Base.metadata) as template:
        yield template


class Log:
    """One life of the topic, on a broker of its own."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.broker.create_topic(TOPIC, PARTITIONS)

    def write(self, thing: int, name: str, op: str = "c", *, lsn: int, epoch: int = 1, **extra) -> None:
        value = {"id": thing, "name": name, "__op": op, "__lsn": lsn, "__ts_ms": 0, **extra}
        self.raw(thing, json.dumps(value).encode(), epoch=epoch)

    def raw(self, thing: int, value: bytes, *, epoch: int = 1) -> None:
        place = TopicPartition(TOPIC, thing % PARTITIONS)
        now_ms = int(time.time() * 1000)
        headers = [("epoch", str(epoch).encode())]
        self.broker.produce(place, str(thing).encode(), value, headers=headers, timestamp_ms=now_ms)

    def snapshot(self, names: dict[int, str], *, lsn: int, epoch: int) -> None:
        *first, last = names
        for thing in first:
            self.write(thing, names[thing], "r", lsn=lsn, row_lsn=lsn, epoch=epoch, __source_snapshot="true")
        self.write(last, names[last], "r", lsn=lsn, row_lsn=lsn, epoch=epoch, __source_snapshot="last")

    def repositioner(self, database) -> Repositioner:
        source = MemorySource(self.broker, [TOPIC], group="reposition")
        return Repositioner(source, database, TABLES, [Thing], topics=[TOPIC], group=GROUP)

    @asynccontextmanager
    async def consumed(self, database) -> AsyncIterator[Consumer]:
        source = MemorySource(self.broker, [TOPIC], group=GROUP)
        options = ConsumerOptions(poll_s=0.02, housekeeping_s=0.02)
        consumer = Consumer(
            source, database, TABLES, [ROUTE], group=GROUP, clock=SystemClock(), options=options
        )
        task = asyncio.create_task(consumer.run())
        try:
            yield consumer
        finally:
            consumer.stop()
            await asyncio.wait_for(task, 10)


async def names(database) -> dict[int, str]:
    async with database.read() as session:
        rows = await session.execute(select(Thing.id, Thing.name).where(~Thing.deleted))
        return {row.id: row.name for row in rows}


async def count(database, table) -> int:
    async with database.read() as session:
        return len((await session.execute(select(table))).all())


async def becomes(what, value) -> None:
    async with asyncio.timeout(10):
        while await what() != value:
            await asyncio.sleep(0.01)


async def test_it_continues_at_the_end_and_reads_nothing_before_it(database):
    log = Log()
    log.write(1, "long ago", lsn=10)
    log.write(2, "long ago", lsn=20)
    done = await log.repositioner(database).to_end()
    assert {place.partition: end for place, end in done.ends.items()} == {0: 1, 1: 1}
    log.write(3, "new", lsn=30)
    async with log.consumed(database):
        await becomes(lambda: names(database), {3: "new"})


async def test_offsets_that_the_topic_does_not_hold_are_shown_and_mended(database):
    old, new = Log(), Log()
    for number in range(10):
        old.write(2, f"state {number}", lsn=10 + number)
    async with old.consumed(database):
        await becomes(lambda: names(database), {2: "state 9"})
    shown = await new.repositioner(database).positions()
    assert [(at.place.partition, at.stored, tuple(at.bounds), at.is_gap) for at in shown] == [
        (0, 10, (0, 0), True),
        (1, 0, (0, 0), False),
    ]
    await new.repositioner(database).to_end()
    assert not any(at.is_gap for at in await new.repositioner(database).positions())


async def test_in_a_new_topic_the_snapshot_removes_what_it_does_not_contain(database):
    """Its offsets begin at 0: what was seen at offsets far ahead must not escape the sweep."""
    old, new = Log(), Log()
    for number in range(10):
        old.write(2, f"state {number}", lsn=10 + number)
        old.write(4, f"state {number}", lsn=10 + number)
    async with old.consumed(database):
        await becomes(lambda: names(database), {2: "state 9", 4: "state 9"})
    await new.repositioner(database).to_end()
    new.snapshot({4: "restored"}, lsn=5, epoch=2)
    async with new.consumed(database):
        await becomes(lambda: names(database), {4: "restored"})


async def test_what_was_parked_neither_holds_up_nor_hides_what_comes_now(database):
    old, new = Log(), Log()
    old.raw(2, b"{")
    async with old.consumed(database):
        await becomes(lambda: count(database, TABLES.parked), 1)
    assert (await new.repositioner(database).to_end()).discarded == 1
    new.raw(4, b"{")  # at the offset of the one that was parked
    new.snapshot({2: "restored"}, lsn=5, epoch=2)
    async with new.consumed(database):
        await becomes(lambda: names(database), {2: "restored"})
    assert await count(database, TABLES.parked) == 1


async def test_a_snapshot_that_was_half_read_is_forgotten(database):
    async with database.transaction() as session:
        rows = [{"topic": TOPIC, "epoch": 1, "lsn": 7, "started_ms": 0}]
        await session.execute(insert(TABLES.snapshot).values(rows))
    await Log().repositioner(database).to_end()
    assert await count(database, TABLES.snapshot) == 0


async def test_a_partition_that_is_gone_begins_at_its_beginning_when_it_comes_back(database):
    async with database.transaction() as session:
        rows = [{"consumer_group": GROUP, "topic": TOPIC, "partition": 7, "next_offset": 100}]
        await session.execute(insert(TABLES.offset).values(rows))
    await Log().repositioner(database).to_end()
    async with database.read() as session:
        stored = (await session.execute(select(TABLES.offset.c.partition))).scalars()
        assert sorted(stored) == [0, 1]


async def test_other_groups_keep_theirs(database):
    rows = [{"consumer_group": "others", "topic": TOPIC, "partition": 0, "next_offset": 100}]
    parked = {
        "consumer_group": "others",
        "topic": TOPIC,
        "partition": 0,
        "kafka_offset": 1,
        "headers": [],
        "timestamp_ms": 0,
        "reason": "",
    }
    async with database.transaction() as session:
        await session.execute(insert(TABLES.offset).values(rows))
        await session.execute(insert(TABLES.parked).values([parked]))
    await Log().repositioner(database).to_end()
    async with database.read() as session:
        columns = TABLES.offset.c
        kept = select(columns.next_offset).where(columns.consumer_group == "others")
        assert (await session.execute(kept)).scalar_one() == 100
    assert await count(database, TABLES.parked) == 1


async def test_a_consumer_that_runs_meanwhile_goes_on_from_there(database):
    log = Log()
    log.write(2, "before", lsn=10)
    async with log.consumed(database):
        await becomes(lambda: names(database), {2: "before"})
        await log.repositioner(database).to_end()
        log.write(2, "after", lsn=20)
        log.write(3, "new", lsn=30)
        await becomes(lambda: names(database), {2: "after", 3: "new"})


async def test_a_topic_that_is_missing_changes_nothing(database):
    log = Log()
    log.write(2, "there", lsn=10)
    await log.repositioner(database).to_end()
    missing = Log()
    missing.broker = MemoryBroker()
    with pytest.raises(NoTopicError, match=TOPIC):
        await missing.repositioner(database).to_end()
    assert [at.stored for at in await log.repositioner(database).positions()] == [1, 0]


@pytest.fixture
async def kafka_topic(stack) -> AsyncIterator[str]:
    """A topic on the real Kafka, with a message in its second partition."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)
    producer = AIOKafkaProducer(bootstrap_servers=stack.bootstrap_servers)
    topic = f"reposition-{uuid.uuid4().hex[:8]}"
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=PARTITIONS, replication_factor=1)])
    await producer.start()
    await producer.send_and_wait(topic, b"{}", partition=1)
    await producer.stop()
    yield topic
    await admin.delete_topics([topic])
    await admin.close()


@pytest.fixture
def command(database, capsys):
    """Run `offsets …` for a topic of a real Kafka: its exit code, what it printed, what it complained of."""

    async def run(bootstrap_servers, topic, action):
        parser = argparse.ArgumentParser()
        add_offsets_command(parser.add_subparsers())
        source = KafkaSource(bootstrap_servers, [topic], group=f"{topic}.offsets")
        repositioner = Repositioner(source, database, TABLES, [Thing], topics=[topic], group=GROUP)
        code = await run_offsets_command(parser.parse_args(["offsets", action]), repositioner)
        printed, complaint = capsys.readouterr()
        return code, [json.loads(line) for line in printed.splitlines()], complaint

    return run


async def test_the_commands_show_and_set_the_offsets_of_a_real_topic(stack, kafka_topic, command, database):
    def shown(partition, stored, end, *, gap=False):
        place = {"topic": kafka_topic, "partition": partition}
        return {**place, "next_offset": stored, "beginning": 0, "end": end, "gap": gap}

    servers = stack.bootstrap_servers
    assert await command(servers, kafka_topic, "show") == (0, [shown(0, None, 0), shown(1, None, 1)], "")
    code, (*_, last), _ = await command(servers, kafka_topic, "to-end")
    assert (code, last) == (0, {"parked_discarded": 0})
    assert await command(servers, kafka_topic, "show") == (0, [shown(0, 0, 0), shown(1, 1, 1)], "")
    async with database.transaction() as session:
        await session.execute(update(TABLES.offset).values(next_offset=9))
    code, (first, second), _ = await command(servers, kafka_topic, "show")
    assert (code, first, second) == (1, shown(0, 9, 0, gap=True), shown(1, 9, 1, gap=True))


async def test_the_commands_say_when_the_topic_or_kafka_is_missing(stack, command, unused_tcp_port):
    code, printed, complaint = await command(stack.bootstrap_servers, "nobody-made-this", "to-end")
    assert (code, printed) == (1, [])
    assert "connector topics" in complaint
    code, printed, complaint = await command(f"127.0.0.1:{unused_tcp_port}", "any", "to-end")
    assert (code, printed) == (1, [])
    assert "Nothing was changed" in complaint
