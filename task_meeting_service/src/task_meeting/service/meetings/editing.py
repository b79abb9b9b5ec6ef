"""Scheduling, changing and cancelling one meeting."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from service_kit.db import WriteSession
from service_kit.http import NotFound
from service_kit.http.etag import Match
from task_meeting.models import Meeting
from task_meeting.queries import meetings as queries
from task_meeting.queries import tasks, visibility
from task_meeting.queries.meetings import Asked
from task_meeting.schemas import meetings as schemas
from task_meeting.service.access import Access
from task_meeting.service.meetings import asking, changing, fields, permitting
from task_meeting.service.meetings.schedules import schedule_of
from task_meeting.service.tasks.fields import no_team

_MINUTES = {"minutes"}
# What is asked for and is no column of its own.
_NO_COLUMNS = {"attendee_oids", "team_oids", "end"}


async def create_meeting(session: WriteSession, access: Access, new: schemas.NewMeeting) -> Meeting:
    """Schedule a meeting; whoever is asked to come is invited.

    Raises:
        NotFound: the project is not seen.
        InvalidValueError: it cannot take place so, or somebody is asked whom the caller does not see.
        Problem: 409, the caller is not known by name and address.
    """
    organizer = await asking.organizer(session, access)
    await _check_project(session, access, new)
    teams = new.team_oids if new.team_oids is not None else [it for it in [new.team_oid] if it]
    schedule = fields.new_schedule(new, asking.time_zone_of(organizer))
    asked = Asked(frozenset(new.attendee_oids), frozenset(teams))
    asking.check(new.attendee_oids, teams, await asking.hold(session, access, asked), Asked())
    (oid,) = await tasks.new_oids(session, 1)
    now = datetime.now(UTC)
    meeting = Meeting(
        **new.model_dump(include={"title", "agenda", "place", "link", "project_oid", "team_oid"}),
        **fields.columns(schedule),
        oid=oid,
        minutes="",
        organizer_oid=access.oid,
        status="scheduled",
        sequence=0,
        version=1,
        created_at=now,
        updated_at=now,
    )
    await changing.create(session, meeting, asked)
    return meeting


async def _check_project(session: WriteSession, access: Access, new: schemas.NewMeeting) -> None:
    if new.project_oid is not None:
        await access.check_project(session, new.project_oid)
    if new.team_oid is not None and not (
        new.project_oid and await visibility.team_is_in_project(session, new.team_oid, new.project_oid)
    ):
        raise no_team()


async def change_meeting(
    session: WriteSession, access: Access, oid: UUID, match: Match, asked_for: Mapping[str, Any]
) -> Meeting:
    """Change fields of a meeting; what is as it was asked for already makes no change.

    Raises:
        NotFound: the meeting is not seen.
        Problem: 403 for a meeting that is not one's own; 412 for another version; 409 for a cancelled one.
        InvalidValueError: it cannot take place so, or somebody is newly asked whom the caller does not see.
    """
    seen = await permitting.find(session, access, oid)
    # People are held before the meeting is locked: that is the order in which everybody locks.
    people, teams = asked_for.get("attendee_oids", []), asked_for.get("team_oids", [])
    held = await asking.hold(session, access, Asked(frozenset(people), frozenset(teams)))
    meeting = await lock(session, seen.oid)
    if asked_for.keys() <= _MINUTES:
        await permitting.check_works(session, access, meeting)
    else:
        await permitting.check_changes(session, access, meeting)
    match.check(meeting.version)
    permitting.check_scheduled(meeting)
    present = (await queries.list_asked(session, [meeting.id]))[meeting.id]
    asking.check(people, teams, held, present)
    columns = {name: value for name, value in asked_for.items() if name not in _NO_COLUMNS}
    schedule = fields.changed_schedule(schedule_of(meeting), asked_for)
    asked = Asked(
        frozenset(people) if "attendee_oids" in asked_for else present.people,
        frozenset(teams) if "team_oids" in asked_for else present.teams,
    )
    await changing.change(session, meeting, columns | fields.columns(schedule), asked, access.oid)
    return meeting


async def cancel_meeting(session: WriteSession, access: Access, oid: UUID, match: Match) -> None:
    """Cancel a meeting; one that is cancelled already stays as it is.

    Raises:
        NotFound: the meeting is not seen.
        Problem: 403 for a meeting that is not one's own; 412 for another version.
    """
    seen = await permitting.find(session, access, oid)
    meeting = await lock(session, seen.oid)
    await permitting.check_changes(session, access, meeting)
    match.check(meeting.version)
    if meeting.status == "scheduled":
        await changing.cancel(session, meeting, access.oid)


async def lock(session: WriteSession, oid: UUID) -> Meeting:
    """The meeting as it is now, which nobody else changes meanwhile. Raises `NotFound`."""
    meeting = await queries.lock_meeting(session, oid)
    if meeting is None:
        raise NotFound("meeting")
    return meeting
