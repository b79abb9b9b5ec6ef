"""What the buses say, as Kafka brings it, and the consumer that hears it."""

import asyncio
import json
from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from notification.consumer import build_consumer
from notification.events import ACCOUNT_TOPIC, MEETING_TOPIC, NEWS_TOPIC, REMINDER_TOPIC, TASK_TOPIC
from notification.handlers import GROUP, build_routes
from service_kit.messages import Message
from service_kit.testing import MemoryBroker, MemorySource

CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:{}\r\nBEGIN:VEVENT\r\nUID:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def person(number, **more):
    return {
        "oid": str(UUID(int=number)),
        "name": f"User {number}",
        "email": f"user{number}@company.example",
        "locale": "en",
        "time_zone": "Europe/Moscow",
        **more,
    }


def iso(at):
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Bus:
    """Makes messages; people and meetings are named by small numbers, as in the feed of assignments."""

    def __init__(self, now):
        self.now = now
        self.offsets = Counter()
        self.seconds = 0

    def later(self, **delta):
        """A moment that is so much later; without a word, a second after the last one."""
        self.seconds += 1
        return self.now + timedelta(**delta or {"seconds": self.seconds})

    def meeting(self, what="changed", number=1, *, to, at=None, uid=None, **changed):
        """News of a meeting; `to` says what it is to whom, such as {1: "invite"}."""
        oid = str(UUID(int=7000 + number))
        data = {
            "oid": oid,
            "title": f"Meeting {number}",
            "agenda": "",
            "place": "Room 1",
            "link": None,
            "project_name": "Project 1",
            "team_name": None,
            "organizer": person(99),
            "start": "2026-11-23T10:00:00+01:00",
            "end": "2026-11-23T11:00:00+01:00",
            "all_day": False,
            "time_zone": "Europe/Berlin",
            "recurrence": None,
            "next_start": "2026-11-23T09:00:00.000Z",
            "next_end": "2026-11-23T10:00:00.000Z",
            "status": "cancelled" if what == "cancelled" else "scheduled",
            "before": {},
            "recipients": [person(user, action=action) for user, action in to.items()],
            "calendar": {
                "request": CALENDAR.format("REQUEST", oid),
                "cancel": CALENDAR.format("CANCEL", oid),
            },
            **changed,
        }
        return self.event(MEETING_TOPIC, oid, f"meeting.{what}.v1", data, at=at, uid=uid)

    def reminder(self, kind="meeting_soon", number=1, *, to=(1,), at=None, expires=None, uid=None):
        """A reminder of a task, or of a meeting."""
        at = at or self.now
        due = iso(at + timedelta(minutes=15))
        meeting = {
            "oid": str(UUID(int=7000 + number)),
            "title": f"Meeting {number}",
            "all_day": False,
            "time_zone": "Europe/Berlin",
            "start": due,
            "end": due,
        }
        task = {
            "oid": str(UUID(int=8000 + number)),
            "title": f"Task {number}",
            "priority": "high",
            "status": "new",
            "deadline": due,
        }
        about = {"meeting": meeting} if kind == "meeting_soon" else {"task": task}
        data = {
            "kind": kind,
            "due_at": due,
            "expires_at": iso(expires) if expires else due,
            "recipients": [person(user) for user in to],
            **about,
        }
        (subject,) = about.values()
        return self.event(REMINDER_TOPIC, subject["oid"], "reminder.due.v1", data, at=at, uid=uid)

    def task(self, what="assigned", number=1, *, to=1, by=9, reporter=9, before=(), at=None, uid=None):
        """Something happened to a task of `to`; `by` (a person, or None for the service) did it."""
        oid = str(UUID(int=8000 + number))
        data = {
            "oid": oid,
            "title": f"Task {number}",
            "assignee_oid": to and str(UUID(int=to)),
            "reporter_oid": str(UUID(int=reporter)),
            "status": "new",
            "priority": "high",
            "deadline": iso(self.now + timedelta(days=2)),
            "deadline_time_zone": "Europe/Moscow",
            "before": dict(before),
            "actor_oid": by and str(UUID(int=by)),
        }
        return self.event(TASK_TOPIC, oid, f"task.{what}.v1", data, at=at, uid=uid)

    def handed_over(self, number=1, *, from_, to=None, **more):
        """A task went from one person to another, or to nobody."""
        before = {"assignee_oid": str(UUID(int=from_))}
        return self.task("assigned" if to else "unassigned", number, to=to, before=before, **more)

    def news(self, number=1, *, to, at=None, uid=None, **changed):
        """News of a team was published for these people."""
        oid = str(UUID(int=6000 + number))
        data = {
            "oid": oid,
            "title": f"News {number}",
            "body": "First line.\nSecond line.",
            "organization_uid": str(UUID(int=1)),
            "organization_name": "Nordlicht",
            "team_oid": str(UUID(int=2)),
            "team_name": "Team 1",
            "published_at": iso(self.now),
            "recipients": [person(user) for user in to],
            **changed,
        }
        return self.event(NEWS_TOPIC, oid, "news.published.v1", data, at=at, uid=uid)

    def account(self, number=1, what="updated", *, at=None, since=None, uid=None, **changed):
        """A person as they are from `at` on; `since`: when they became so, if that was earlier."""
        data = {
            "uid": str(UUID(int=number)),
            "username": f"user{number}",
            "name": "User",
            "surname": str(number),
            "email": f"user{number}@company.example",
            "role": "employee",
            "is_active": True,
            "locale": "en",
            "time_zone": "Europe/Moscow",
            "updated_at": iso(since or at or self.now),
            **changed,
        }
        return self.event(ACCOUNT_TOPIC, data["uid"], f"account.{what}.v1", data, at=at, uid=uid)

    def event(self, topic, key, type_, data, *, at=None, uid=None):
        value = {"uid": str(uid or uuid4()), "version": 1, "created_at": iso(at or self.now), "data": data}
        return self.message(topic, key, json.dumps(value).encode(), (("type", type_.encode()),))

    def message(self, topic, key, value, headers):
        """Any value under a key."""
        self.offsets[topic] += 1
        return Message(topic, 0, self.offsets[topic], key.encode(), value, headers, 1_763_000_000_030)


@pytest.fixture
def bus(now):
    return Bus(now)


@pytest.fixture
def tell(database, recorder):
    """Let the handlers apply messages, as one batch."""
    routes = build_routes(recorder)

    async def apply_messages(*messages):
        async with database.transaction() as session:
            for route in routes:
                decoded = [route.decode(message) for message in messages if message.topic == route.topic]
                if events := [event for event in decoded if event is not None]:
                    await route.handle(session, events)

    return apply_messages


@pytest.fixture
def broker(topics):
    it = MemoryBroker()
    for topic in topics:
        it.create_topic(topic, 6)
    return it


@pytest.fixture
def topics(recorder):
    """All that the notifier hears."""
    return [route.topic for route in build_routes(recorder)]


@pytest.fixture
def consumer(broker, database, settings, topics):
    """Run the consumer while a block lasts."""

    @asynccontextmanager
    async def running():
        it = build_consumer(settings, MemorySource(broker, topics, group=GROUP), database)
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
def caught_up(broker, rows, until, topics):
    """Wait until the stored offsets are the ends of the partitions."""

    async def wait():
        async def behind_nothing():
            stored = {
                (row["topic"], row["partition"]): row["next_offset"]
                for row in await rows("SELECT topic, partition, next_offset FROM consumer_offset")
            }
            return stored == {place: broker.bounds(place).end for place in broker.places(topics)}

        await until(behind_nothing)

    return wait
