"""A consumer whose database or topic was replaced: where it continues, and that nothing is left behind."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import BigInteger, insert, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service_kit.cdc import RowChange, row_change_decoder
from service_kit.clock import SystemClock
from service_kit.consumer import Consumer, ConsumerOptions, Repositioner, Route, define
from service_kit.consumer.reposition import NoTopicError
from service_kit.db import Database, metadata
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
async def template(admin_url) -> AsyncIterator[TemplateDatabase]:
    def migrate(url) -> None:
        async def create() -> None:
            engine = create_async_engine(url)
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            await engine.dispose()

        asyncio.run(create())

    template = TemplateDatabase(admin_url, "kit_reposition")
    await template.build(migrate)
    yield template
    await template.drop()


@pytest.fixture
async def database(template) -> AsyncIterator[Database]:
    async with template.clone() as url:
        database = Database(url, application_name="test")
        yield database
        await database.close()


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
