"""Meetings and tasks as iCalendar objects (RFC 5545, 5546 and 7986): invitations, cancellations, a feed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from task_meeting.service.meetings.times import Schedule


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody with a calendar."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who was asked to come, and what they answered."""

    name: str
    email: str
    status: Literal["needs-action", "accepted", "declined", "tentative"] = "needs-action"


@dataclass(frozen=True, slots=True)
class CalendarMeeting:
    """All that calendars show of a meeting. `created_at` and `updated_at` are aware."""

    oid: UUID
    title: str
    agenda: str
    place: str | None
    link: str | None
    schedule: Schedule
    organizer: Party
    guests: Sequence[Guest]
    cancelled: bool
    sequence: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CalendarTask:
    """All that calendars show of a task with a deadline (aware). `project` is the project's name."""

    oid: UUID
    title: str
    project: str | None
    deadline: datetime
    deadline_time_zone: str
    state: Literal["open", "done", "cancelled"]
    version: int
    created_at: datetime
    updated_at: datetime


def request(meeting: CalendarMeeting) -> str:
    """An invitation, or news of the meeting, for all who are asked (METHOD:REQUEST; RFC 5546, 3.2.2)."""
    raise NotImplementedError


def cancel(meeting: CalendarMeeting, guests: Sequence[Guest]) -> str:
    """That the meeting does not take place for `guests`, all or those uninvited (RFC 5546, 3.2.5)."""
    raise NotImplementedError


def feed(
    name: str, meetings: Sequence[CalendarMeeting], tasks: Sequence[CalendarTask], now: datetime
) -> bytes:
    """Somebody's calendar called `name`, to subscribe to: the same bytes for the same input."""
    raise NotImplementedError
