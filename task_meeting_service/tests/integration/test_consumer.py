"""The whole consumer on a real database: what becomes of messages and errors. Kafka is in memory."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from service_kit import migrations
from service_kit.consumer import Redriver
from service_kit.db import Database
from service_kit.messages import TopicPartition
from service_kit.testing import MemoryBroker, MemorySource, TemplateDatabase
from task_meeting.__main__ import MIGRATIONS
from task_meeting.consumer import GROUP, build_consumer, build_redriver
from task_meeting.events import ASSIGNMENT_TOPIC


class Broker(MemoryBroker):
    def __init__(self, partitions):
        super().__init__()
        self.create_topic(ASSIGNMENT_TOPIC, partitions)

    def send(self, *messages):
        for message in messages:
            place = TopicPartition(message.topic, message.partition)
            self.produce(
                place, message.key, message.value, headers=message.headers, timestamp_ms=message.timestamp_ms
            )


@pytest.fixture
def broker(feed):
    return Broker(len(feed.offsets))


@asynccontextmanager
async def consuming(broker, database):
    consumer = build_consumer(MemorySource(broker, [ASSIGNMENT_TOPIC], group=GROUP), database)
    task = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        consumer.stop()
        await task


async def eventually(condition, seconds=20):
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


def scalar(database, statement):
    async def ask():
        async with database.read() as session:
            return (await session.execute(text(statement))).scalar()

    return ask


def active(database, count):
    ask = scalar(database, "SELECT count(*) FROM assignment WHERE NOT deleted")

    async def reached():
        return await ask() == count

    return reached


async def test_changes_reach_the_api(broker, database, feed, get):
    async with consuming(broker, database):
        broker.send(*(feed.change("c", number, user=number) for number in range(1, 21)))
        await eventually(active(database, 20))
        broker.send(feed.change("d", 3, user=3), feed.message(3, None))
        await eventually(active(database, 19))
    assert (await get("/api/users/"))["total"] == 19


async def test_a_message_that_cannot_be_applied_parks_its_key_only_and_can_be_redriven(
    broker, database, feed, get
):
    parked = scalar(database, "SELECT count(*) FROM parked_event")
    async with consuming(broker, database):
        broker.send(feed.change("c", 1, user=1), feed.message(1, b'{"nonsense": true}'))
        broker.send(feed.change("u", 1, user=1, user_name="Waits"), feed.change("c", 7, user=7))
        await eventually(active(database, 2))
        assert await parked() == 2
        assert sorted(it["name"] for it in (await get("/api/users/"))["users"]) == ["User 1", "User 7"]
    redriver = build_redriver(database)
    assert (await redriver.redrive()).applied == 0
    async with database.transaction() as session:
        await session.execute(
            text("DELETE FROM parked_event WHERE value = :bad"), {"bad": b'{"nonsense": true}'}
        )
    assert (await redriver.redrive()).applied == 1
    assert (await get("/api/users/"))["users"][1]["name"] == "Waits"


async def test_an_error_of_the_database_loses_nothing_and_parks_nothing(broker, database, feed):
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE person RENAME TO person_away"))
    async with consuming(broker, database):
        broker.send(feed.change("c", 1))
        await asyncio.sleep(0.5)
        assert await scalar(database, "SELECT coalesce(sum(next_offset), 0) FROM consumer_offset")() == 0
        async with database.transaction() as session:
            await session.execute(text("ALTER TABLE person_away RENAME TO person"))
        await eventually(active(database, 1))
    assert await scalar(database, "SELECT count(*) FROM parked_event")() == 0


async def test_a_consumer_that_starts_before_its_database_waits_for_it(broker, feed, admin_url):
    late = TemplateDatabase(admin_url, "task_meeting_late")
    database = Database(admin_url.set(database=late._name), application_name="test")
    try:
        async with consuming(broker, database):
            broker.send(feed.change("c", 1))
            await asyncio.sleep(0.3)
            await late.build(lambda url: migrations.upgrade(url, MIGRATIONS))
            await eventually(active(database, 1))
    finally:
        await database.close()
        await late.drop()


async def test_a_restart_continues_where_the_database_stands(broker, database, feed):
    for round_ in range(3):
        async with consuming(broker, database):
            broker.send(*(feed.change("c", round_ * 10 + number, user=number) for number in range(1, 11)))
            await eventually(active(database, 10 * (round_ + 1)))
    assert await scalar(database, "SELECT sum(next_offset) FROM consumer_offset")() == 30


def test_the_redriver_uses_the_same_handlers(database):
    assert isinstance(build_redriver(database), Redriver)


async def test_a_replay_of_everything_tells_nobody_of_a_meeting_twice(
    broker, database, feed, oid, meet, sent, query
):
    async with consuming(broker, database):
        broker.send(feed.change("c", 100, user=100, team=2))
        await eventually(active(database, 1))
        await meet(oid("user", 100), teams=[oid("team", 1)])
        broker.send(*(feed.change("c", number, user=number) for number in range(1, 11)))
        await eventually(active(database, 11))
        broker.send(feed.change("d", 3, user=3), feed.change("u", 4, user=4, team=2))
        await eventually(active(database, 10))
    told = Counter(it["action"] for _, _, event in await sent() for it in event["data"]["recipients"])
    assert told["invite"] - told["cancel"] == 10 - 2
    events = len(await sent())
    await query("UPDATE consumer_offset SET next_offset = 0")
    read = scalar(database, "SELECT sum(next_offset) FROM consumer_offset")

    async def all_read():
        return await read() == 13

    async with consuming(broker, database):
        await eventually(all_read)
    assert len(await sent()) == events
