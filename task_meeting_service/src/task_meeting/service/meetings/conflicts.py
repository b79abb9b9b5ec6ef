"""Other meetings of the guests, at the times at which a meeting takes place or may come to take place."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from service_kit.db import ReadSession
from task_meeting.models import Meeting
from task_meeting.queries import conflicts as queries
from task_meeting.queries import meetings
from task_meeting.queries.conflicts import Span
from task_meeting.queries.meeting_lists import Viewer, list_seen
from task_meeting.queries.meetings import Asked, GuestRow
from task_meeting.queries.occurrences import OccurrenceRow
from task_meeting.schemas.meetings import MAX_CONFLICTS, NEXT_OCCURRENCES, Conflict, ConflictQuery
from task_meeting.service.access import Access
from task_meeting.service.meetings import asking, permitting
from task_meeting.service.meetings.fields import new_schedule
from task_meeting.service.meetings.occurring import horizon
from task_meeting.service.meetings.times import occurrences


async def of_meeting(
    session: ReadSession,
    access: Access,
    meeting: Meeting,
    guests: Sequence[GuestRow],
    coming: Sequence[OccurrenceRow],
) -> list[Conflict]:
    """What is in the way of a meeting at its next times; of a cancelled one, nothing."""
    if meeting.status == "cancelled":
        return []
    people = {guest.oid: guest.name for guest in guests if guest.status != "declined"}
    spans = [Span(it.starts_at, it.ends_at) for it in coming]
    return await _find(session, access, people, spans, meeting.id)


async def of_plan(session: ReadSession, access: Access, plan: ConflictQuery) -> list[Conflict]:
    """What is in the way of a meeting that may come to be, or of a change of one.

    Raises:
        NotFound: the meeting that is to be changed is not seen.
        InvalidValueError: it cannot take place so, or somebody is to be asked whom the caller does not see.
    """
    organizer_oid, present, except_id = access.oid, Asked(), None
    if plan.except_oid is not None:
        meeting = await permitting.find(session, access, plan.except_oid)
        organizer_oid, except_id = meeting.organizer_oid, meeting.id
        present = (await meetings.list_asked(session, [meeting.id]))[meeting.id]
    asked = Asked(frozenset(plan.attendee_oids), frozenset(plan.team_oids))
    seen = await meetings.list_seen_asked(session, asked, access.seen_by)
    asking.check(plan.attendee_oids, plan.team_oids, seen, present)
    schedule = new_schedule(plan, await asking.own_time_zone(session, access))
    people = await meetings.list_people(session, Asked(asked.people | {organizer_oid}, asked.teams))
    now = datetime.now(UTC)
    coming = occurrences(schedule, now, horizon(schedule, now))[:NEXT_OCCURRENCES]
    spans = [Span(it.starts_at, it.ends_at) for it in coming]
    return await _find(session, access, people, spans, except_id)


async def _find(
    session: ReadSession,
    access: Access,
    people: Mapping[UUID, str],
    spans: Sequence[Span],
    except_id: int | None,
) -> list[Conflict]:
    if not people or not spans:
        return []
    found = await queries.find_conflicts(session, people, spans, except_id=except_id, limit=MAX_CONFLICTS)
    viewer = Viewer(access.oid, await access.projects(session))
    seen = await list_seen(session, viewer, {row.meeting_id for row in found})
    return [
        Conflict(
            user_oid=row.user_oid,
            name=people[row.user_oid],
            start=row.starts_at,
            end=row.ends_at,
            meeting_oid=oid,
            title=title,
        )
        for row in found
        for oid, title in [seen.get(row.meeting_id, (None, None))]
    ]
