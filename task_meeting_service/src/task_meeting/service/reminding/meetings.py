"""Reminding of meetings, a while before each time that they take place."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from service_kit.clock import Clock
from service_kit.db import Database, ReadSession
from task_meeting.events import Recipient
from task_meeting.models import Meeting
from task_meeting.queries import reminders as queries
from task_meeting.queries.meetings import GuestRow, guests
from task_meeting.queries.reminders import DueOccurrence
from task_meeting.schemas.base import iso_ms
from task_meeting.service.meetings.telling import recipient
from task_meeting.service.reminding.planning import Due
from task_meeting.service.reminding.sending import Reminder, count, send

# As many as are held in memory at once, each with its guests.
CHUNK = 100


async def remind_of_meetings(database: Database, clock: Clock, *, size: int = CHUNK) -> bool:
    """Remind of the next meetings that are soon; whether there may be more.

    One that has begun meanwhile is nothing to be reminded of any more.
    """
    now = clock.now()
    async with database.transaction() as session:
        taken = await queries.take_occurrences(session, now, size)
        if not taken:
            return False
        coming = [it for it in taken if it.starts_at > now]
        sent = await send(session, await _reminders(session, coming), now)
    count(sent)
    return len(taken) == size


async def _reminders(session: ReadSession, coming: Sequence[DueOccurrence]) -> list[Reminder]:
    scheduled = await queries.list_scheduled(session, {it.meeting_id for it in coming})
    invited = await guests(session, scheduled.keys())
    present = await queries.list_present(session, {it.oid for rows in invited.values() for it in rows})
    recipients = {key: list(_recipients(rows, present)) for key, rows in invited.items()}
    return [
        _reminder(it, *scheduled[it.meeting_id], recipients.get(it.meeting_id, ()))
        for it in coming
        if it.meeting_id in scheduled
    ]


def _recipients(guests: Sequence[GuestRow], present: set[UUID]) -> Iterator[Recipient]:
    for guest in guests:
        if guest.status != "declined" and guest.oid in present:
            yield recipient(guest)


def _reminder(
    occurrence: DueOccurrence, meeting: Meeting, project_name: str | None, recipients: Sequence[Recipient]
) -> Reminder:
    starts_at = occurrence.starts_at
    about = {"meeting": _told(meeting, project_name, occurrence)}
    return Reminder(
        meeting.oid,
        starts_at,
        Due("meeting_soon", occurrence.remind_at, expires_at=starts_at),
        about,
        recipients,
    )


def _told(meeting: Meeting, project_name: str | None, occurrence: DueOccurrence) -> Mapping[str, Any]:
    return {
        "oid": str(meeting.oid),
        "title": meeting.title,
        "place": meeting.place,
        "link": meeting.link,
        "project_oid": meeting.project_oid and str(meeting.project_oid),
        "project_name": project_name,
        "all_day": meeting.all_day,
        "time_zone": meeting.time_zone,
        "start": iso_ms(occurrence.starts_at),
        "end": iso_ms(occurrence.ends_at),
    }
