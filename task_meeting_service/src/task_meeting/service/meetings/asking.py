"""Who may be asked to a meeting, and by whom meetings are scheduled."""

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from service_kit.db import ReadSession, WriteSession
from service_kit.http import InvalidValueError, Problem
from task_meeting.models import Person
from task_meeting.queries import meetings as queries
from task_meeting.queries.meetings import Asked
from task_meeting.schemas.values import is_time_zone
from task_meeting.service.access import Access

_UTC = "UTC"


async def organizer(session: ReadSession, access: Access) -> Person:
    """The caller, as invitations name them. Raises `Problem` 409 if no assignment ever told of them."""
    person = await session.get(Person, access.oid)
    if person is None:
        raise Problem(
            HTTPStatus.CONFLICT,
            "Invitations need the organizer's name and address, which are known of those who were assigned to"
            " a project.",
        )
    return person


async def own_time_zone(session: ReadSession, access: Access) -> str:
    """The caller's time zone, or UTC."""
    return time_zone_of(await session.get(Person, access.oid))


def time_zone_of(person: Person | None) -> str:
    """Somebody's time zone, or UTC."""
    zone = person and person.time_zone
    return zone if zone and is_time_zone(zone) else _UTC


async def hold(session: WriteSession, access: Access, asked: Asked) -> Asked:
    """Those of the people and teams that the caller sees; they stay as they are for the transaction."""
    people = await queries.hold_people(session, asked.people, access.seen_by)
    return Asked(people, await queries.hold_teams(session, asked.teams, access.seen_by))


def check(people: Sequence[UUID], teams: Sequence[UUID], seen: Asked, present: Asked) -> None:
    """Raise `InvalidValueError` unless the caller sees all who are to be asked, or they are already."""
    for place, oid in enumerate(people):
        if oid not in seen.people | present.people:
            raise InvalidValueError(("body", "attendee_oids", place), "Nobody whom you see")
    for place, oid in enumerate(teams):
        if oid not in seen.teams | present.teams:
            raise InvalidValueError(("body", "team_oids", place), "No team that you see")
