"""What the task service says of meetings and reminders, as Kafka brings it."""

import json
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from notification.events import MEETING_TOPIC, REMINDER_TOPIC, decode_meeting, decode_reminder
from service_kit.messages import Message

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
    """Let the handlers apply events, as one batch."""

    async def apply_events(*messages):
        async with database.transaction() as session:
            for topic, decode, handle in (
                (MEETING_TOPIC, decode_meeting, recorder.record_meetings),
                (REMINDER_TOPIC, decode_reminder, recorder.record_reminders),
            ):
                await handle(session, [decode(message) for message in messages if message.topic == topic])

    return apply_events
