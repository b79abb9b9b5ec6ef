"""The moments at which meetings take place, kept in the table for all questions about time.

They are known for a year back and for 400 days ahead, of what begins later for as long from its beginning; a
series that goes on is continued in time.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from service_kit.db import WriteSession
from task_meeting.models import Meeting
from task_meeting.queries import occurrences as queries
from task_meeting.queries.occurrences import OccurrenceRow
from task_meeting.service.meetings.schedules import schedule_of
from task_meeting.service.meetings.times import Schedule, last_end, moment, occurrences

REMINDED_BEFORE = timedelta(minutes=15)
_BACK = timedelta(days=365)
_AHEAD = timedelta(days=400)
# A series is continued about once a month.
_ENOUGH = timedelta(days=370)
# As many series as are continued at once.
_CHUNK = 500


def horizon(schedule: Schedule, now: datetime) -> datetime:
    """Up to when times of a schedule are looked for."""
    return max(now, moment(schedule.start, schedule.time_zone)) + _AHEAD


async def place(session: WriteSession, meeting: Meeting, now: datetime) -> None:
    """Write when a meeting takes place, which is new or has changed."""
    rows = list(_rows(meeting, now - _BACK, now))
    await queries.rewrite(session, meeting.id, rows, timed=not meeting.all_day)
    meeting.occurrences_until = _until(meeting, now)
    await session.flush()


async def continue_series(session: WriteSession, now: datetime) -> int:
    """Continue series whose occurrences will run out, at most 500.

    Returns:
        How many were continued: after as many as these there may be more.
    """
    meetings = await queries.lock_running_out(session, now + _ENOUGH, _CHUNK)
    rows = [
        row
        for meeting in meetings
        if meeting.occurrences_until is not None
        for row in _rows(meeting, meeting.occurrences_until, now)
    ]
    await queries.add(session, rows)
    for meeting in meetings:
        meeting.occurrences_until = _until(meeting, now)
    await session.flush()
    return len(meetings)


def _rows(meeting: Meeting, since: datetime, now: datetime) -> Iterator[OccurrenceRow]:
    schedule = schedule_of(meeting)
    for it in occurrences(schedule, since, horizon(schedule, now)):
        remind_at = it.starts_at - REMINDED_BEFORE
        due = remind_at > now and not meeting.all_day
        yield OccurrenceRow(
            meeting.id, it.original_start, it.starts_at, it.ends_at, remind_at if due else None
        )


def _until(meeting: Meeting, now: datetime) -> datetime | None:
    """Up to when its occurrences are known; None when they all are."""
    schedule = schedule_of(meeting)
    end, until = last_end(schedule), horizon(schedule, now)
    return None if end is not None and end <= until else until
