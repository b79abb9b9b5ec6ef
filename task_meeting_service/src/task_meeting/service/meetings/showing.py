"""Meetings as HTTP shows them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from service_kit.db import ReadSession
from task_meeting.models import Meeting
from task_meeting.queries import actions, occurrences
from task_meeting.queries import meetings as queries
from task_meeting.queries.meetings import Asked, GuestRow
from task_meeting.queries.occurrences import OccurrenceRow
from task_meeting.schemas import meetings as schemas
from task_meeting.service.access import Access
from task_meeting.service.meetings import conflicts
from task_meeting.service.meetings.schedules import SCHEDULED, schedule_of, span, written, written_moment
from task_meeting.service.meetings.times import Schedule

# What is neither a matter of the schedule nor of other tables.
_COLUMNS = schemas.Meeting.model_fields.keys() & set(Meeting.__table__.columns.keys()) - set(SCHEDULED)


async def show_many(session: ReadSession, meetings: Sequence[Meeting]) -> list[schemas.Meeting]:
    """Meetings, with whom they ask."""
    asked = await queries.list_asked(session, [meeting.id for meeting in meetings])
    return [_shown(meeting, asked[meeting.id]) for meeting in meetings]


async def show_one(session: ReadSession, meeting: Meeting) -> schemas.Meeting:
    """A meeting, with whom it asks."""
    (shown,) = await show_many(session, [meeting])
    return shown


async def show_detail(session: ReadSession, access: Access, meeting: Meeting) -> schemas.MeetingDetail:
    """A meeting with those who come, and what it is about to meet."""
    now = datetime.now(UTC)
    guests = (await queries.guests(session, [meeting.id])).get(meeting.id, [])
    coming = await occurrences.list_next(session, meeting.id, now, schemas.NEXT_OCCURRENCES)
    schedule = schedule_of(meeting)
    return schemas.MeetingDetail(
        **dict(await show_one(session, meeting)),
        attendees=[_attendee(guest, meeting) for guest in guests],
        action_items=await _action_items(session, access, meeting),
        next_occurrences=[_occurrence(it, schedule) for it in coming],
        conflicts=await conflicts.of_meeting(session, access, meeting, guests, coming),
    )


async def _action_items(session: ReadSession, access: Access, meeting: Meeting) -> list[schemas.ActionItem]:
    """Those that the caller sees as tasks: being asked to a meeting shows nobody another project's work."""
    if not access.caller.may("tasks.read"):
        return []
    return await actions.list_actions(session, meeting.id, await access.projects(session))


def _shown(meeting: Meeting, asked: Asked) -> schemas.Meeting:
    columns = {name: getattr(meeting, name) for name in _COLUMNS}
    times = written(schedule_of(meeting))
    return schemas.Meeting(
        **columns, **times, attendee_oids=sorted(asked.people), team_oids=sorted(asked.teams)
    )


def _attendee(guest: GuestRow, meeting: Meeting) -> schemas.Attendee:
    return schemas.Attendee(
        user_oid=guest.oid,
        name=guest.name,
        response=guest.status,
        organizer=guest.oid == meeting.organizer_oid,
    )


def _occurrence(it: OccurrenceRow, schedule: Schedule) -> schemas.Occurrence:
    original_start, _ = span(schedule, it.original_start, schedule.duration)
    return schemas.Occurrence(
        original_start=original_start,
        start=written_moment(schedule, it.starts_at),
        end=written_moment(schedule, it.ends_at),
    )
