"""The service's consumer on the kit's engine: poison, repetitions and replays."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from notification.consumer import build_redriver
from notification.events import (
    ACCOUNT_TOPIC,
    ASSIGNMENT_TOPIC,
    MEETING_TOPIC,
    NEWS_TOPIC,
    REMINDER_TOPIC,
    TASK_TOPIC,
)
from service_kit.messages import TopicPartition

EXAMPLES = Path(__file__).parents[4] / "contracts" / "examples"


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

    def make(topic, name, /, **changed):
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


# Topic → an example that is good, and what spoils it: members of the event, and of its data.
SPOILED = {
    TASK_TOPIC: (
        "assigned",
        {
            "no assignee": {"assignee_oid": 42},
            "no task": {"oid": "one"},
            "a title of no database": {"title": "a\x00b"},
            "a deadline of no zone": {"deadline": "2026-11-30T15:00:00"},
            "nothing before": {"before": None},
        },
    ),
    NEWS_TOPIC: (
        "team",
        {
            "nobody": {"recipients": None},
            "too many": {"recipients": [{}] * 501},
            "a body without end": {"body": "x" * 100_001},
            "a body of no database": {"body": "a\x00b"},
            "an address of no database": {"recipients": [{"oid": "7d2f6c0e-58a1-4d0e-9d5c-0c1a6c1f3a11",
                                                          "name": "Tom", "email": "a\x00b@c.example"}]},
        },
    ),
    ACCOUNT_TOPIC: (
        "update",
        {
            "nobody": {"uid": None},
            "no address": {"email": None},
            "neither active nor not": {"is_active": "perhaps"},
            "a name of no database": {"name": "a\x00b", "uid": "7d2f6c0e-58a1-4d0e-9d5c-0c1a6c1f3a11"},
            "since no time": {"updated_at": "yesterday"},
        },
    ),
}  # fmt: skip


SOURCES = {TASK_TOPIC: "tasks", NEWS_TOPIC: "news", ACCOUNT_TOPIC: "accounts"}


@pytest.mark.parametrize("topic", SPOILED)
async def test_poison_on_a_topic_parks_its_keys_and_no_others(
    topic, consumer, broker, event, caught_up, mails, rows
):
    name, spoiled = SPOILED[topic]
    good, type_ = event(topic, name)

    def send(key, value, place=0):
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        broker.produce(TopicPartition(topic, place), key, raw, headers=(("type", type_),))

    async with consumer():
        for key, changed in spoiled.items():
            send(key.encode(), event(topic, name, **changed)[0])
        send(b"never", good | {"created_at": "9999-12-31T23:59:59.999Z"} if topic == ACCOUNT_TOPIC else b"[]")
        send(b"no JSON", b"{")
        send(b"no JSON", good)
        send(b"good", good)
        if topic == ACCOUNT_TOPIC:
            send(b"good", event(topic, name, role="admin")[0])
        await caught_up()
    parked = {row["key"].decode() for row in await rows("SELECT key FROM parked_event")}
    assert parked == {*spoiled, "never", "no JSON"}
    assert {mail["source"] for mail in await mails()} == {SOURCES[topic]}
