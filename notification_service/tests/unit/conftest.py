from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from notification.kinds import Kind
from notification.mail.letter import Letter
from notification.mail.preview.letters import samples
from notification.mail.render import Renderer

_BEFORE = {"project_name": "Atlas", "team_name": "Core", "application_url": None}
_AFTER = {"project_name": "Atlas", "team_name": "Web", "application_url": "https://hr.example/1?a=1&b=2"}
CALENDAR = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//team-suite//task_meeting//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
    "UID:meeting-1@team-suite\r\nDTSTAMP:20261121T100000Z\r\nDTSTART:20261123T090000Z\r\nSUMMARY:Планёрка\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
_MEETING = {
    "oid": str(UUID(int=7)),
    "title": "Atlas: weekly",
    "agenda": "1. What is open\n\n2. *Who* does it",
    "place": "Room 4",
    "link": "https://meet.example/1?a=1&b=2",
    "project_name": "Atlas",
    "team_name": "Core",
    "organizer": {"name": "Maria Lind", "email": "maria@company.example"},
    "start": "2026-11-23T10:00:00+01:00",
    "end": "2026-11-23T11:00:00+01:00",
    "all_day": False,
    "time_zone": "Europe/Berlin",
    "recurrence": None,
    "next_start": "2026-11-23T09:00:00Z",
    "next_end": "2026-11-23T10:00:00Z",
    "status": "scheduled",
}
_OCCURRENCE = {
    "oid": str(UUID(int=7)),
    "title": "Atlas: weekly",
    "place": "Room 4",
    "link": None,
    "project_name": "Atlas",
    "all_day": False,
    "time_zone": "Europe/Berlin",
    "start": "2026-11-21T22:45:00Z",
    "end": "2026-11-21T23:45:00Z",
}
_TASK = {
    "oid": str(UUID(int=8)),
    "title": "Atlas: close the books",
    "project_name": "Atlas",
    "priority": "high",
    "status": "new",
    "deadline": "2026-11-22T21:30:00Z",
    "deadline_time_zone": "Asia/Tokyo",
}
_NEWS = {"meeting": _MEETING, "before": {}, "calendar": CALENDAR}
_CALLED_OFF = CALENDAR.replace("REQUEST", "CANCEL")
_PAYLOADS = {
    Kind.ASSIGNED: {"before": None, "after": _AFTER},
    Kind.CHANGED: {"before": _BEFORE, "after": _AFTER},
    Kind.RENAMED: {"before": _BEFORE, "after": _AFTER},
    Kind.REMOVED: {"before": _BEFORE, "after": None},
    Kind.INVITED: _NEWS,
    Kind.MEETING_CHANGED: {**_NEWS, "before": {"place": "Room 3", "start": "2026-11-23T09:30:00+01:00"}},
    Kind.MEETING_CANCELLED: {
        **_NEWS,
        "meeting": {**_MEETING, "status": "cancelled"},
        "calendar": _CALLED_OFF,
    },
    Kind.MEETING_REMINDER: {"meeting": _OCCURRENCE, "due_at": "2026-11-21T22:45:00Z"},
    Kind.TASK_REMINDER: {"task": _TASK, "due_at": "2026-11-22T21:30:00Z"},
    Kind.TASK_OVERDUE: {
        "task": {**_TASK, "deadline": "2026-11-19T21:30:00Z"},
        "due_at": "2026-11-19T21:30:00Z",
    },
}


# Under these names payloads have what they are about.
_ABOUT = {"meeting", "task", "news", "account", "message", "order"}
_LETTER = Letter(
    id=UUID(int=1),
    kind=Kind.CHANGED,
    subject="assignment:7",
    user_oid=UUID(int=7),
    message_id="<1@team-suite.example>",
    name="Ann",
    address="ann@company.example",
    locale="en",
    time_zone="Europe/Moscow",
    committed_at=datetime(2026, 11, 21, 22, 30, tzinfo=UTC),
    now=datetime(2026, 11, 21, 22, 30, tzinfo=UTC),
    payload={"before": _BEFORE, "after": _AFTER},
)


@pytest.fixture(scope="session")
def renderer():
    """All templates, compiled once for all tests."""
    return Renderer()


@pytest.fixture(scope="session")
def letter():
    """Make a letter of a kind; anything of it, of what it says, or `of` what it is about may change.

    What the tests above say nothing of is as in the previews.
    """
    known = samples("en")

    def make(kind=Kind.CHANGED, *, of=None, **changed):
        sample = known[kind]
        said = _PAYLOADS.get(kind, sample.payload)
        payload = {name: changed.pop(name, value) for name, value in said.items()}
        for about in _ABOUT & payload.keys():
            payload[about] = payload[about] | (of or {})
        return replace(
            _LETTER,
            **{"kind": kind, "subject": sample.subject, "members": sample.members, "payload": payload}
            | changed,
        )

    return make
