"""Calendars to subscribe to: a secret link, and what it shows.

Whoever knows the link is believed, as calendar programs send no tokens. So it cannot be guessed, is kept
as a hash alone, and ends at once when its owner makes another or none, or has no assignment any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from operator import attrgetter
from secrets import token_urlsafe
from typing import Literal
from uuid import UUID

from service_kit.db import ReadSession, WriteSession
from service_kit.http import NotFound
from task_meeting.models import Task
from task_meeting.queries import calendar as queries
from task_meeting.queries.meetings import contexts
from task_meeting.schemas.calendar import CalendarLink, NewCalendarLink
from task_meeting.service.meetings.ics import CalendarMeeting, CalendarTask, feed
from task_meeting.service.meetings.telling import calendar_meeting

_BYTES = 32
_BACK = timedelta(days=90)
# Meetings and tasks together.
MAX_ENTRIES = 2_000


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a person's calendar shows at a moment."""

    name: str
    meetings: Sequence[CalendarMeeting]
    tasks: Sequence[CalendarTask]
    now: datetime

    def written(self) -> bytes:
        """As iCalendar (RFC 5545). It takes a second for 2,000 entries, so not on the event loop."""
        return feed(self.name, self.meetings, self.tasks, self.now)


async def show_link(session: ReadSession, user_oid: UUID) -> CalendarLink:
    """Whether there is a link to somebody's calendar."""
    link = await queries.find_link(session, user_oid)
    return CalendarLink(active=link is not None, created_at=link and link.created_at)


async def make_link(session: WriteSession, user_oid: UUID, address: str) -> NewCalendarLink:
    """Make a new link, below the `address` of this service; one that there was before ends."""
    token = token_urlsafe(_BYTES)
    created_at = await queries.save_link(session, user_oid, _hash(token))
    return NewCalendarLink(url=f"{address}/api/calendar/{token}.ics", created_at=created_at)


async def end_link(session: WriteSession, user_oid: UUID) -> None:
    """Let the link to somebody's calendar, if there is one, lead nowhere."""
    await queries.delete_link(session, user_oid)


async def read_calendar(session: ReadSession, token: str, now: datetime) -> Calendar:
    """The calendar that a link leads to: the newest entries of the last 90 days, and of all days to come.

    Raises:
        NotFound: there is no such link, or nobody whom it belongs to.
    """
    owner = await queries.find_owner(session, _hash(token))
    if owner is None:
        raise NotFound("calendar")
    meetings = await _list_meetings(session, owner.oid, now)
    tasks = [_task(*it) for it in await queries.list_tasks(session, owner.oid, now - _BACK, MAX_ENTRIES)]
    newest = sorted([*meetings, *tasks], key=attrgetter("created_at", "oid"), reverse=True)[:MAX_ENTRIES]
    return Calendar(
        f"Team Suite: {owner.name}",
        [it for it in newest if isinstance(it, CalendarMeeting)],
        [it for it in newest if isinstance(it, CalendarTask)],
        now,
    )


def _hash(token: str) -> bytes:
    """What is kept of a token: it is random enough for a hash without salt."""
    return sha256(token.encode()).digest()


async def _list_meetings(session: ReadSession, user_oid: UUID, now: datetime) -> list[CalendarMeeting]:
    """Without the guests, whom nobody invites to a calendar (RFC 5546, 3.2.1)."""
    meetings = await queries.list_meetings(session, user_oid, now - _BACK, MAX_ENTRIES)
    known = await contexts(session, [meeting.id for meeting in meetings], now)
    return [calendar_meeting(meeting, known[meeting.id], ()) for meeting in meetings]


def _task(task: Task, project: str | None) -> CalendarTask:
    assert task.deadline is not None, "the query asks for those that have one"
    return CalendarTask(
        oid=task.oid,
        title=task.title,
        project=project,
        deadline=task.deadline,
        state=_state(task),
        version=task.version,
        created_at=task.created_at,
        updated_at=task.updated_at,
    )


def _state(task: Task) -> Literal["open", "done", "cancelled"]:
    if task.open:
        return "open"
    return "done" if task.completed_at is not None else "cancelled"
