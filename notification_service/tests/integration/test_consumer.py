"""The service's consumer on the kit's engine: poison, repetitions and replays."""

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from notification.consumer import build_consumer, build_redriver
from notification.events import ASSIGNMENT_TOPIC, MEETING_TOPIC, REMINDER_TOPIC
from notification.handlers import GROUP
from service_kit.messages import TopicPartition
from service_kit.testing import MemoryBroker, MemorySource

TOPICS = [ASSIGNMENT_TOPIC, MEETING_TOPIC, REMINDER_TOPIC]
EXAMPLES = Path(__file__).parents[3] / "contracts" / "examples"


@pytest.fixture
def broker():
    it = MemoryBroker()
    for topic in TOPICS:
        it.create_topic(topic, 6)
    return it


@pytest.fixture
def consumer(broker, database, settings):
    """Run the consumer while a block lasts."""

    @asynccontextmanager
    async def running():
        it = build_consumer(settings, MemorySource(broker, TOPICS, group=GROUP), database)
        task = asyncio.create_task(it.run())
        try:
            yield it
        finally:
            it.stop()
            await task

    return running


@pytest.fixture
def send(broker):
    def produce(*messages):
        for message in messages:
            broker.produce(message.topic_partition, message.key, message.value, headers=message.headers)

    return produce


@pytest.fixture
def caught_up(broker, rows, until):
    """Wait until the stored offsets are the ends of the partitions."""

    async def wait():
        async def behind_nothing():
            stored = {
                (row["topic"], row["partition"]): row["next_offset"]
                for row in await rows("SELECT topic, partition, next_offset FROM consumer_offset")
            }
            return stored == {place: broker.bounds(place).end for place in broker.places(TOPICS)}

        await until(behind_nothing)

    return wait


async def test_three_times_each_event_and_a_replay_mail_once(
    consumer, send, feed, caught_up, mails, rows, clock, broker
):
    now = clock.real_now()
    history = [
        feed.change("c", 1, at=now),
        feed.change("c", 2, user=2, at=now),
        feed.change("u", 1, team=2, at=now),
        feed.change("d", 2, user=2, at=now),
    ]
    async with consumer():
        send(*[message for message in history for _ in range(3)])
        await caught_up()
        first, state = (
            await mails(),
            await rows("SELECT id, lsn, deleted, team_id FROM assignment ORDER BY id"),
        )
        send(*history, *reversed(history))
        await caught_up()
    assert len(first) == 4
    assert await mails() == first
    assert await rows("SELECT id, lsn, deleted, team_id FROM assignment ORDER BY id") == state


POISON = [
    b"{",
    b"\xff\xfe",
    b'{"id": "one"}',
    b"[]",
    b'{"__op": "x", "__lsn": 1, "__ts_ms": 1}',
    b"x" * 5_000_000,
]


async def test_poison_parks_its_key_and_no_other_and_redriving_heals(
    consumer, send, feed, caught_up, mails, rows, clock, settings, database
):
    now = clock.real_now()
    async with consumer():
        for number, value in enumerate(POISON, start=1):
            send(feed.message(number, value))
        behind = feed.change("c", 1, at=now)
        unavailable = feed.change("c", 100, at=now, user_email="__debezium_unavailable_value")
        nul = feed.change("c", 101, at=now, user_name="a\x00b")
        tombstone = feed.message(102, None)
        send(behind, unavailable, nul, tombstone, feed.change("c", 50, user=2, at=now))
        await caught_up()
    assert [mail["assignment_id"] for mail in await mails()] == [50]
    parked = await rows("SELECT key, reason FROM parked_event")
    assert {int(row["key"]) for row in parked} == {1, 2, 3, 4, 5, 6, 100, 101}
    assert all(row["reason"] for row in parked)
    redriver = build_redriver(settings, database)
    async with database.transaction() as session:
        # What an operator may do who knows that the bad message can go, and the one behind it cannot.
        await session.execute(text("DELETE FROM parked_event WHERE reason NOT LIKE 'waits behind%'"))
    await redriver.redrive()
    assert [mail["assignment_id"] for mail in await mails()] == [1, 50]


async def test_a_message_without_a_key_is_parked(consumer, broker, caught_up, rows, feed):
    message = feed.change("c", 1)
    async with consumer():
        broker.produce(TopicPartition(ASSIGNMENT_TOPIC, 0), None, message.value)
        await caught_up()
    (parked,) = await rows("SELECT reason FROM parked_event")
    assert "no key" in parked["reason"]


@pytest.fixture
def event(clock):
    """An example of the contracts as if it happened now; its data may be changed."""

    def make(topic, name, **changed):
        example = json.loads((EXAMPLES / topic / f"{name}.json").read_text(encoding="utf-8"))
        value = example["value"] | {"created_at": clock.real_now().isoformat()}
        value["data"] |= changed
        return value, example["headers"]["type"].encode()

    return make


BAD_EVENTS = {
    "a wrong type": {"all_day": "perhaps"},
    "no time": {"start": "tomorrow"},
    "a name that is too long": {"title": "x" * 501},
    "too many people": {"recipients": [{}] * 501},
    "a person without an address": {"recipients": [{"oid": "0b6b2a52-9c0e-4f7a-9a39-5a6f0c1d2e3f"}]},
    "a text that no database takes": {"title": "a\x00b"},
}


async def test_poison_among_events_parks_its_key_and_what_is_for_others_does_not(
    consumer, broker, event, caught_up, mails, rows
):
    good, type_ = event(MEETING_TOPIC, "scheduled")
    due, due_type = event(REMINDER_TOPIC, "task-overdue", expires_at="2100-01-01T00:00:00Z")
    place = TopicPartition(MEETING_TOPIC, 2)

    def send(key, value, *, type_=type_, place=place):
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        headers = () if type_ is None else (("type", type_),)
        broker.produce(place, key, raw, headers=headers)

    async with consumer():
        for name, changed in BAD_EVENTS.items():
            send(name.encode(), event(MEETING_TOPIC, "scheduled", **changed)[0])
        send(b"no JSON", b"{")
        send(b"no JSON", good)
        send(b"five megabytes", b"x" * 5_000_000)
        send(b"no header", good, type_=None)
        send(None, good)
        send(b"for others", b"{", type_=b"meeting.remembered.v1")
        send(b"good", good)
        send(b"due", due, type_=due_type, place=TopicPartition(REMINDER_TOPIC, 0))
        await caught_up()
    parked = await rows("SELECT key, reason FROM parked_event")
    assert {None if row["key"] is None else row["key"].decode() for row in parked} == {
        *BAD_EVENTS, "no JSON", "five megabytes", "no header", None,
    }  # fmt: skip
    assert len(parked) == len(BAD_EVENTS) + 5
    assert all(row["reason"] for row in parked)
    assert sorted(mail["kind"] for mail in await mails()) == ["invited", "invited", "task_overdue"]
    # There are no snapshots of events, and none is waited for.
    assert await rows("SELECT topic FROM snapshot_run") == []
