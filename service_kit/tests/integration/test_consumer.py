"""The consumer engine on a real PostgreSQL; the broker in memory keeps Kafka's contract (see conformance)."""

import argparse
import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import msgspec
import pytest
import structlog
from prometheus_client import REGISTRY
from sqlalchemy import URL, BigInteger, Column, Integer, Table, Text, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service_kit import metrics
from service_kit.cdc import Change, RowChange, row_change_decoder
from service_kit.clock import SystemClock
from service_kit.consumer import Consumer, ConsumerOptions, Redriver, Route, define
from service_kit.consumer.cli import add_parked_command, run_parked_command
from service_kit.consumer.offsets import OffsetStore
from service_kit.db import Database, WriteSession, metadata
from service_kit.health import NotReadyError
from service_kit.messages import TopicPartition
from service_kit.projection import TrackedRow, sweep_unseen, touch_seen, upsert_newer
from service_kit.testing import MemoryBroker, MemorySource, TemplateDatabase

TOPIC = "source.public.item"
GROUP = "items"
FAST = ConsumerOptions(poll_s=0.02, housekeeping_s=0.05, max_parked_keys=20)


class Base(DeclarativeBase):
    metadata = metadata()


TABLES = define(Base.metadata)


class Item(TrackedRow, Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str]


APPLIED = Table("applied", Base.metadata, Column("partition", Integer), Column("kafka_offset", Integer))
SHORT = Table("short", Base.metadata, Column("name", Text))


class ItemChange(RowChange, kw_only=True):
    id: int
    name: str


Items = Sequence[Change[ItemChange]]


def to_row(change: Change[ItemChange]) -> dict:
    return {
        "id": change.row.id,
        "name": change.row.name,
        "epoch": change.epoch,
        "lsn": change.row.version_lsn,
        "deleted": change.deleted,
        "kafka_partition": change.message.partition,
        "kafka_offset": change.message.offset,
    }


async def on_items_changed(session: WriteSession, changes: Items) -> None:
    """A projection, and a journal that shows every message that was applied, in order."""
    for change in changes:
        if change.row.name == "a bug":
            raise KeyError("no such thing")
        values = {"p": change.message.partition, "o": change.message.offset}
        await session.execute(text("INSERT INTO applied VALUES (:p, :o)"), values)
        if change.row.name == "a data error":
            await session.execute(text("SELECT CAST('x' AS integer)"))
    rows = [to_row(change) for change in changes]
    await upsert_newer(session, Item.__table__, rows, key="id")
    seen = [to_row(change) for change in changes if change.is_snapshot]
    await touch_seen(session, Item.__table__, seen, key="id")


async def sweep(session: WriteSession, boundaries) -> int:
    return len(await sweep_unseen(session, Item.__table__, boundaries, key="id"))


def route(handle=on_items_changed) -> Route:
    return Route(TOPIC, row_change_decoder(ItemChange), handle, sweep)


@pytest.fixture(scope="session")
async def template(template_of) -> AsyncIterator[TemplateDatabase]:
    async with template_of("kit_consumer", Base.metadata) as template:
        yield template


@pytest.fixture
def broker() -> MemoryBroker:
    broker = MemoryBroker()
    broker.create_topic(TOPIC, 3)
    return broker


class Writer:
    """Writes row changes the way Debezium does: the same id always into the same partition."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.broker = broker
        self.lsn = 100

    def write(self, item: int, name: str, op: str = "u", *, lsn: int | None = None, **extra) -> int:
        self.lsn += 10
        value = {"id": item, "name": name, "__op": op, "__lsn": lsn or self.lsn, "__ts_ms": 0, **extra}
        return self.raw(item, json.dumps(value).encode())

    def raw(self, item: int, value: bytes | None) -> int:
        place = TopicPartition(TOPIC, item % 3)
        return self.broker.produce(place, str(item).encode(), value, timestamp_ms=int(time.time() * 1000))


@pytest.fixture
def writer(broker) -> Writer:
    return Writer(broker)


def make_consumer(broker, database, *, handle=on_items_changed, options=FAST) -> Consumer:
    source = MemorySource(broker, [TOPIC], group=GROUP)
    routes = [route(handle)]
    return Consumer(source, database, TABLES, routes, group=GROUP, clock=SystemClock(), options=options)


@asynccontextmanager
async def running(consumer: Consumer) -> AsyncIterator[Consumer]:
    task = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        consumer.stop()
        await asyncio.wait_for(task, 10)


async def items(database) -> dict[int, str]:
    async with database.read() as session:
        rows = await session.execute(select(Item.id, Item.name).where(~Item.deleted))
        return {row.id: row.name for row in rows}


async def journal(database) -> list[tuple[int, int]]:
    async with database.read() as session:
        return [tuple(row) for row in await session.execute(select(APPLIED))]


async def caught_up(broker, database) -> None:
    """Wait until every partition was consumed to its end."""
    places = broker.places([TOPIC])
    store = OffsetStore(TABLES, GROUP)
    async with asyncio.timeout(10):
        while True:
            async with database.read() as session:
                stored = await store.load(session, places)
            if all(stored.get(place) == broker.bounds(place).end for place in places):
                return
            await asyncio.sleep(0.01)


def redriver(database, handle=on_items_changed) -> Redriver:
    return Redriver(database, TABLES, [route(handle)], group=GROUP)


async def parked(database) -> list[tuple[str, str]]:
    return [
        ((entry.message.key or b"-").decode(), entry.reason) for entry in await redriver(database).parked()
    ]


async def test_every_message_is_applied_once_and_in_order(broker, database, writer):
    for number in range(300):
        writer.write(number % 7, f"state {number}")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert await items(database) == {item: f"state {293 + (item - 293) % 7}" for item in range(7)}
    applied = await journal(database)
    assert len(applied) == len(set(applied)) == 300
    for partition in range(3):
        offsets = [offset for place, offset in applied if place == partition]
        assert offsets == sorted(offsets)


async def test_a_restart_goes_on_where_the_database_says(broker, database, writer):
    writer.write(1, "before")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    broker.committed.clear()
    writer.write(1, "after")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert await items(database) == {1: "after"}
    assert len(await journal(database)) == 2


async def test_an_older_change_at_a_newer_offset_is_a_no_op(broker, database, writer):
    writer.write(1, "new", lsn=500)
    writer.write(1, "old", lsn=400)
    writer.write(2, "gone", "d", lsn=300)
    writer.write(2, "made before it went", "c", lsn=200)
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert await items(database) == {1: "new"}


async def test_a_snapshot_row_is_as_old_as_the_row_not_as_the_snapshot(broker, database, writer):
    # In flight at the snapshot (lsn 400), committed after it: its change lies below the snapshot's lsn.
    writer.write(1, "as the snapshot saw it", "r", lsn=500, row_lsn=300, __source_snapshot="first")
    writer.write(1, "in flight at the snapshot", "u", lsn=400)
    # Included in the snapshot, and sent again after it: an older state that must not come back.
    writer.write(2, "as the snapshot saw it", "r", lsn=500, row_lsn=450, __source_snapshot="last")
    writer.write(2, "before the snapshot", "u", lsn=420)
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert await items(database) == {1: "in flight at the snapshot", 2: "as the snapshot saw it"}


async def test_a_higher_epoch_wins_over_any_lsn(broker, database, writer):
    writer.write(1, "before the restore", lsn=900)
    value = {"id": 1, "name": "after the restore", "__op": "u", "__lsn": 5, "__ts_ms": 0}
    place = TopicPartition(TOPIC, 1)
    broker.produce(place, b"1", json.dumps(value).encode(), headers=[("epoch", b"2")])
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert await items(database) == {1: "after the restore"}


BAD = {
    "bad JSON": b"{",
    "wrong types": b'{"id": "x", "name": 1, "__op": "u", "__lsn": 1, "__ts_ms": 1}',
    "not UTF-8": b'{"id": 1, "name": "\xff\xfe", "__op": "u", "__lsn": 1, "__ts_ms": 1}',
    "unknown op": b'{"id": 1, "name": "a", "__op": "x", "__lsn": 1, "__ts_ms": 1}',
    "truncate": b'{"__op": "t", "__lsn": 1, "__ts_ms": 1}',
    "no metadata": b'{"id": 1, "name": "a"}',
    "unavailable value": (
        b'{"id": 1, "name": "__debezium_unavailable_value", "__op": "u", "__lsn": 1, "__ts_ms": 1}'
    ),
    "5 MB": b'"' + b"x" * 5_000_000 + b'"',
    "deep": b"[" * 10_000 + b"]" * 10_000,
    "empty": b"",
    "NUL in a text": b'{"id": 1, "name": "a\\u0000b", "__op": "u", "__lsn": 999, "__ts_ms": 1}',
    "number too large": b'{"id": 1, "name": "a", "__op": "u", "__lsn": 99999999999999999999, "__ts_ms": 1}',
}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
async def test_a_poisonous_message_parks_its_key_and_only_its_key(broker, database, writer, value):
    writer.write(1, "fine")
    writer.raw(1, value)
    writer.write(1, "behind the poison")
    writer.write(4, "same partition, other key")
    async with running(make_consumer(broker, database)) as consumer:
        await caught_up(broker, database)
        await consumer.check()
    assert await items(database) == {1: "fine", 4: "same partition, other key"}
    [(key, reason), behind] = await parked(database)
    assert key == "1"
    assert reason
    assert behind == ("1", "waits behind an earlier message of its key")


async def test_a_whole_batch_can_be_parked(broker, database, writer):
    for _ in range(FAST.max_batch):
        writer.raw(1, b"{")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert len(await parked(database)) == FAST.max_batch


async def test_a_snapshot_of_a_place_that_no_log_has_is_parked(broker, database, writer):
    """Its row has a place that can be stored, the snapshot's own is kept by the consumer itself."""
    writer.write(1, "here", "r", lsn=10**19, row_lsn=5, __source_snapshot="true")
    writer.write(4, "fine")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert await items(database) == {4: "fine"}
    assert [key for key, _ in await parked(database)] == ["1"]


async def test_a_message_without_a_key_is_parked_and_blocks_nobody(broker, database, writer):
    broker.produce(TopicPartition(TOPIC, 0), None, b"{}")
    broker.produce(TopicPartition(TOPIC, 0), None, b"{}")
    writer.write(3, "fine")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert await items(database) == {3: "fine"}
    assert [key for key, _ in await parked(database)] == ["-", "-"]


ODD_HEADERS = {
    "a name alone": [("traceparent", None)],
    "NUL in a name": [("a\x00b", b"")],
}


@pytest.mark.parametrize("headers", ODD_HEADERS.values(), ids=ODD_HEADERS.keys())
async def test_a_message_with_odd_headers_can_be_parked(broker, database, writer, headers):
    broker.produce(TopicPartition(TOPIC, 1), b"1", b"{", headers=headers)
    writer.write(4, "fine")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert await items(database) == {4: "fine"}
    [entry] = await redriver(database).parked()
    assert entry.message.headers == tuple((name.replace("\x00", "\\u0000"), value) for name, value in headers)


async def test_a_key_of_any_length_can_be_parked(broker, database, writer):
    key = random.Random(1).randbytes(5000)  # random, so that it cannot be compressed
    broker.produce(TopicPartition(TOPIC, 0), key, b"{")
    broker.produce(TopicPartition(TOPIC, 0), key, b"behind it")
    writer.write(3, "fine")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert await items(database) == {3: "fine"}
    assert len(await redriver(database).parked()) == 2


async def test_a_tombstone_says_nothing(broker, database, writer):
    writer.write(1, "there", "c")
    writer.write(1, "there", "d")
    writer.raw(1, None)
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert await items(database) == {}
    assert await parked(database) == []


@pytest.mark.parametrize("name", ["a bug", "a data error"])
async def test_what_the_handler_cannot_apply_parks_only_its_key(broker, database, writer, name):
    for item in range(100):
        writer.write(item, f"state {item}")
    writer.write(50, name)
    writer.write(50, "later")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert await items(database) == {item: f"state {item}" for item in range(100)}
    applied = await journal(database)
    assert len(applied) == len(set(applied)) == 100
    assert [key for key, _ in await parked(database)] == ["50", "50"]


async def test_redriving_heals_in_order(broker, database, writer):
    writer.write(1, "a bug")
    writer.write(1, "second")
    writer.write(1, "third")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
        still_broken = await redriver(database).redrive()
        assert (still_broken.applied, len(still_broken.parked)) == (0, 3)

        order: list[str] = []

        async def mended(session: WriteSession, changes: Items) -> None:
            order.extend(change.row.name for change in changes)
            await upsert_newer(session, Item.__table__, [to_row(change) for change in changes], key="id")

        report = await redriver(database, mended).redrive(b"1")
        assert report == (3, [])
        assert order == ["a bug", "second", "third"]
        writer.write(1, "fourth")
        await caught_up(broker, database)
    assert await items(database) == {1: "fourth"}
    assert await parked(database) == []


async def test_discarding_lets_a_key_go_on(broker, database, writer):
    writer.raw(1, b"{")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
        assert await redriver(database).discard(b"1") == (1, 0)
        writer.write(1, "goes on")
        await caught_up(broker, database)
    assert await items(database) == {1: "goes on"}


async def test_discarding_applies_what_waited_behind(broker, database, writer):
    """A correction at the source came behind the bad message; so may a delete, which comes only once."""
    writer.write(1, "there", "c")
    writer.raw(1, b"{")
    writer.write(1, "a bug")
    writer.write(1, "corrected")
    writer.write(4, "there", "c")
    writer.raw(4, b"{")
    writer.write(4, "there", "d")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    assert await redriver(database).discard(b"1") == (2, 1)
    assert await items(database) == {1: "corrected", 4: "there"}
    assert await redriver(database).discard(b"4") == (1, 1)
    assert await items(database) == {1: "corrected"}
    assert await parked(database) == []


@pytest.mark.parametrize("key", [b"1", "ключ".encode(), b"\xff\x00", b"", None])
async def test_what_is_listed_can_be_discarded(broker, database, capsys, key):
    """However odd its key is: the alert would stay for ever."""
    broker.produce(TopicPartition(TOPIC, 1), key, b"{")
    broker.produce(TopicPartition(TOPIC, 1), b"other", b"{")
    broker.produce(TopicPartition(TOPIC, 2), b"other", b"{")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)

    async def command(*arguments: str) -> list[dict]:
        capsys.readouterr()
        parser = argparse.ArgumentParser()
        add_parked_command(parser.add_subparsers())
        await run_parked_command(parser.parse_args(["parked", *arguments]), redriver(database))
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    [shown] = [line["key"] for line in await command("list") if line["key"] != "other"]
    which = ("--no-key",) if shown is None else ("--key", shown)
    assert await command("discard", *which) == [{"discarded": 1}]
    assert [line["key"] for line in await command("list")] == ["other", "other"]


@pytest.mark.parametrize("action", ["list", "redrive", "discard --key 1"])
async def test_the_command_says_when_the_database_does_not_answer(capsys, unused_tcp_port, action):
    parser = argparse.ArgumentParser()
    add_parked_command(parser.add_subparsers())
    away = Database(
        URL.create("postgresql+asyncpg", "nobody", "secret", "127.0.0.1", unused_tcp_port, "nothing"),
        application_name="test",
    )
    code = await run_parked_command(parser.parse_args(["parked", *action.split()]), redriver(away))
    printed, complaint = capsys.readouterr()
    assert (code, printed) == (1, "")
    assert "the database does not answer" in complaint
    assert "secret" not in complaint


async def test_the_command_says_when_the_database_has_no_such_tables(database, capsys):
    async with database.transaction() as session:
        await session.execute(text("DROP TABLE parked_event"))
    parser = argparse.ArgumentParser()
    add_parked_command(parser.add_subparsers())
    assert await run_parked_command(parser.parse_args(["parked", "list"]), redriver(database)) == 1
    assert "the database does not answer as it should" in capsys.readouterr().err


async def test_a_passing_database_error_is_retried_and_parks_nothing(broker, database, writer):
    failures = 0

    async def cut_off(session: WriteSession, changes: Items) -> None:
        nonlocal failures
        await on_items_changed(session, changes)
        if failures < 2:
            failures += 1
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    for item in range(10):
        writer.write(item, "here")
    async with running(make_consumer(broker, database, handle=cut_off)):
        await caught_up(broker, database)
    assert failures == 2
    assert len(await items(database)) == 10
    assert len(await journal(database)) == 10
    assert await parked(database) == []


async def test_a_missing_table_is_a_fault_of_the_deployment_and_parks_nothing(broker, database, writer):
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE item RENAME TO elsewhere"))
    writer.write(1, "waits")
    async with running(make_consumer(broker, database)):
        await asyncio.sleep(0.3)
        assert await parked(database) == []
        async with database.transaction() as session:
            await session.execute(text("ALTER TABLE elsewhere RENAME TO item"))
        await caught_up(broker, database)
    assert await items(database) == {1: "waits"}


async def test_a_zombie_commits_nothing(broker, database, writer):
    """Another consumer has applied a message that this one holds: the swap fails, all is rolled back."""
    place = TopicPartition(TOPIC, 1)
    store = OffsetStore(TABLES, GROUP)
    writer.write(1, "once")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
        async with database.transaction() as session:
            await store.move(session, {place: 1}, {place: 2})
        writer.write(1, "applied by the other one")
        writer.write(1, "for whoever owns it now")
        await caught_up(broker, database)
    assert await items(database) == {1: "for whoever owns it now"}
    assert [offset for partition, offset in await journal(database) if partition == 1] == [0, 2]


async def test_a_client_that_breaks_is_replaced(broker, database, writer):
    class Breaking(MemorySource):
        broken = False

        async def poll(self, **limits):
            if self.broken:
                raise ConnectionError
            return await super().poll(**limits)

        async def start(self) -> None:
            self.broken = False
            await super().start()

    source = Breaking(broker, [TOPIC], group=GROUP)
    consumer = Consumer(source, database, TABLES, [route()], group=GROUP, clock=SystemClock(), options=FAST)
    async with running(consumer):
        writer.write(1, "before")
        await caught_up(broker, database)
        source.broken = True
        writer.write(1, "after")
        await caught_up(broker, database)
    assert await items(database) == {1: "after"}


async def test_an_error_quotes_no_parameter(database):
    """Parameters are names and addresses; errors go into logs."""
    async with database.transaction() as session:
        with pytest.raises(DBAPIError) as caught:
            await session.execute(text("SELECT 1 / (length(CAST(:name AS text)) - 4)"), {"name": "Anna"})
    assert "division by zero" in str(caught.value)
    assert "Anna" not in repr(caught.value)


async def test_missing_messages_halt_the_consumer_loudly(broker, database, writer):
    writer.write(1, "read")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
    for number in range(5):
        writer.write(1, f"never read {number}")
    broker.delete_before(TopicPartition(TOPIC, 1), 4)
    async with running(make_consumer(broker, database)) as consumer:
        problem = await becomes_unready(consumer, "messages are missing")
        assert "offset 1" in problem
    assert await items(database) == {1: "read"}


async def test_a_topic_that_was_made_anew_halts_the_consumer(broker, database, writer):
    async with database.transaction() as session:
        await OffsetStore(TABLES, GROUP).create(session, {TopicPartition(TOPIC, 1): 1000})
    async with running(make_consumer(broker, database)) as consumer:
        await becomes_unready(consumer, "messages are missing")


async def test_too_many_parked_keys_halt_instead_of_draining_the_topic(broker, database, writer):
    for item in range(30):
        writer.raw(item, b"{")
    async with running(make_consumer(broker, database)) as consumer:
        await becomes_unready(consumer, "bad deployment")
    assert await parked(database) == []


async def becomes_unready(consumer: Consumer, words: str) -> str:
    async with asyncio.timeout(10):
        while True:
            try:
                await consumer.check()
            except NotReadyError as error:
                if words in str(error):
                    return str(error)
            await asyncio.sleep(0.01)


async def test_consumers_that_come_and_go_lose_and_repeat_nothing(broker, database, writer):
    async def write_on() -> None:
        for number in range(400):
            writer.write(number % 11, f"state {number}")
            await asyncio.sleep(0.002)

    writing = asyncio.create_task(write_on())
    async with running(make_consumer(broker, database)):
        while not writing.done():
            async with running(make_consumer(broker, database)):
                await asyncio.sleep(0.1)
        await caught_up(broker, database)
    applied = await journal(database)
    assert len(applied) == len(set(applied)) == 400
    assert len(await items(database)) == 11


async def test_a_re_snapshot_sweeps_what_it_no_longer_contains(broker, database, writer):
    for item in range(12):
        writer.write(item, "old", "c")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
        await asyncio.sleep(0.01)
        # Items 0 to 5 were deleted while nobody listened; 12 is made after the snapshot.
        snapshot = partial(writer.write, op="r", lsn=100_000, row_lsn=50)
        snapshot(6, "old", __source_snapshot="first")
        for item in range(7, 11):
            snapshot(item, "old", __source_snapshot="true")
        snapshot(11, "old", __source_snapshot="last")
        writer.write(12, "new", "c", lsn=99_990)
        async with asyncio.timeout(10):
            while set(await items(database)) != set(range(6, 13)):
                await asyncio.sleep(0.01)
        # A swept row that turns out to exist comes back: absence is the weakest evidence.
        writer.write(3, "still here", "r", lsn=100_000, row_lsn=50, __source_snapshot="true")
        await caught_up(broker, database)
    assert (await items(database))[3] == "still here"


async def test_a_sweep_waits_for_what_is_parked(broker, database, writer):
    """A parked row was in the snapshot, though the projection has not seen it: it is not gone."""
    for item in range(4):
        writer.write(item, "old", "c")
    async with running(make_consumer(broker, database)):
        await caught_up(broker, database)
        writer.raw(1, b"{")
        await asyncio.sleep(0.01)
        snapshot = partial(writer.write, op="r", lsn=100_000, row_lsn=50)
        snapshot(1, "old", __source_snapshot="first")
        snapshot(3, "old", __source_snapshot="last")
        await caught_up(broker, database)
        await asyncio.sleep(0.3)
        assert set(await items(database)) == {0, 1, 2, 3}
        await redriver(database).discard(b"1")
        writer.write(1, "old", "r", lsn=100_000, row_lsn=50, __source_snapshot="true")
        async with asyncio.timeout(10):
            while set(await items(database)) != {1, 3}:
                await asyncio.sleep(0.01)


async def test_a_sweep_waits_until_the_topic_is_known(broker, database, writer):
    """A client that has just taken a broken one's place knows of no partition."""

    class Forgetful(MemorySource):
        asked = 0

        async def partitions(self, topic):
            self.asked += 1
            return await super().partitions(topic) if self.asked > 1 else frozenset()

    writer.write(1, "old", "c")
    await asyncio.sleep(0.01)
    writer.write(2, "kept", "r", lsn=9_000, row_lsn=50, __source_snapshot="last")
    source = Forgetful(broker, [TOPIC], group=GROUP)
    consumer = Consumer(source, database, TABLES, [route()], group=GROUP, clock=SystemClock(), options=FAST)
    async with running(consumer), asyncio.timeout(10):
        while await items(database) != {2: "kept"}:
            await asyncio.sleep(0.01)


async def test_a_swept_snapshot_is_not_swept_again_after_a_replay(broker, database, writer):
    writer.write(1, "old", "c")
    await asyncio.sleep(0.01)
    writer.write(2, "kept", "r", lsn=9_000, row_lsn=50, __source_snapshot="last")
    async with running(make_consumer(broker, database)):
        async with asyncio.timeout(10):
            while await items(database) != {2: "kept"}:
                await asyncio.sleep(0.01)
        writer.write(1, "back", "c", lsn=10_000)
        await caught_up(broker, database)
        await asyncio.sleep(0.2)
    assert await items(database) == {1: "back", 2: "kept"}


async def test_readiness_fails_on_lag_without_progress(broker, database, writer):
    stuck = asyncio.Event()

    async def hang(session: WriteSession, changes: Items) -> None:
        await stuck.wait()

    impatient = ConsumerOptions(poll_s=0.02, housekeeping_s=0.05, stall_s=0.3)
    consumer = make_consumer(broker, database, handle=hang, options=impatient)
    async with running(consumer):
        writer.write(1, "waits")
        await becomes_unready(consumer, "1 messages behind and no progress")
        stuck.set()
        await caught_up(broker, database)
        async with asyncio.timeout(5):
            while consumer.progress.problem():
                await asyncio.sleep(0.01)


def test_a_missing_column_is_unset_and_keeps_its_value():
    class Wider(ItemChange, kw_only=True):
        colour: str | msgspec.UnsetType = msgspec.UNSET

    value = b'{"id": 1, "name": "a", "new": 1, "__op": "u", "__lsn": 1, "__ts_ms": 1}'
    assert msgspec.json.decode(value, type=Wider).colour is msgspec.UNSET


def exported(name, **labels):
    return REGISTRY.get_sample_value(name, {"group": GROUP, **labels})


async def becomes_true(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_its_metrics_exist_before_anything_happens(broker, database):
    for metric in (metrics.RETRIES, metrics.CONFLICTS, metrics.HALTED, metrics.PARKED, metrics.CONSUMED):
        metric.clear()
    async with running(make_consumer(broker, database)):
        await becomes_true(lambda: exported("consumer_messages_total", topic=TOPIC, partition="2") == 0)
        for name in ("consumer_retries_total", "consumer_offset_conflicts_total", "consumer_halted"):
            assert exported(name) == 0
        assert exported("consumer_parked_messages_total", topic=TOPIC) == 0


async def test_a_partition_that_has_gone_to_another_member_leaves_no_lag_behind(broker, database):
    def lags():
        return [exported("consumer_lag_messages", topic=TOPIC, partition=str(n)) for n in range(3)]

    metrics.LAG.clear()
    async with running(make_consumer(broker, database)):
        await becomes_true(lambda: lags() == [0, 0, 0])
        other = MemorySource(broker, [TOPIC], group=GROUP)
        await other.start()
        await becomes_true(lambda: lags().count(None) == len(other.assignment()) == 1)
        await other.stop()


async def test_what_is_parked_is_counted_again_and_again(broker, database, writer):
    async with running(make_consumer(broker, database)):
        for item in (1, 2):
            await becomes_true(lambda known=item - 1: exported("consumer_parked_keys") == known)
            writer.raw(item, b"{")
        await becomes_true(lambda: exported("consumer_parked_keys") == 2)


async def test_log_lines_about_a_message_say_where_it_stands(broker, database, writer):
    writer.write(1, "fine")
    offset = writer.raw(1, b"{")
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        async with running(make_consumer(broker, database)):
            await caught_up(broker, database)
    (line,) = [entry for entry in logs if entry["event"] == "message parked"]
    assert (line["topic"], line["partition"], line["offset"]) == (TOPIC, 1, offset)
    assert line["batch"] == {f"{TOPIC}/1": f"0-{offset}"}
    assert all("batch" not in entry for entry in logs if entry["event"] == "partitions taken")


async def test_what_a_handler_logs_says_which_batch_it_was_about(broker, database, writer):
    async def handle(session, changes):
        structlog.get_logger("handler").warning("looked at", changes=len(changes))
        await on_items_changed(session, changes)

    writer.write(2, "fine")
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        async with running(make_consumer(broker, database, handle=handle)):
            await caught_up(broker, database)
    (line,) = [entry for entry in logs if entry["event"] == "looked at"]
    assert line["batch"] == {f"{TOPIC}/2": "0-0"}
