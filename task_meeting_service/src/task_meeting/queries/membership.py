"""Who is where by which assignment, and the meetings whose guests change with it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, TextClause, select, text

from service_kit.db import ReadSession, WriteSession
from task_meeting.models import Meeting, MeetingTeam
from task_meeting.queries.eligible import Place

# Arrays, as a sweep may end more assignments than a statement may have parameters.
_ACTIVE = text("""
    SELECT id, project_oid, team_oid, user_oid FROM assignment
    WHERE id = ANY(CAST(:ids AS bigint[])) AND NOT deleted
""")
_ENDED = text("""
    SELECT id, project_oid, team_oid, user_oid FROM assignment
    WHERE id = ANY(CAST(:ids AS bigint[])) AND deleted
""")
_LOCK_TEAMS = text("SELECT FROM team WHERE oid = ANY(CAST(:teams AS uuid[])) ORDER BY oid FOR NO KEY UPDATE")
# A series that goes on may take place only after what is known of it.
_TO_COME = text("""
    SELECT m.id FROM meeting AS m
    WHERE m.id IN (
        SELECT meeting_id FROM meeting_team WHERE team_oid = ANY(CAST(:teams AS uuid[]))
        UNION ALL
        SELECT named.meeting_id
        FROM unnest(CAST(:users AS uuid[]), CAST(:projects AS uuid[])) AS gone(user_oid, project_oid)
        JOIN meeting_person AS named ON named.user_oid = gone.user_oid
        JOIN meeting AS theirs ON theirs.id = named.meeting_id AND theirs.project_oid = gone.project_oid
    )
    AND m.status = 'scheduled'
    AND (
        m.occurrences_until IS NOT NULL
        OR EXISTS (SELECT FROM meeting_occurrence AS o WHERE o.meeting_id = m.id AND o.ends_at > :now)
    )
    ORDER BY m.id
""")
_DISMISS = text("""
    DELETE FROM meeting_person AS named
    USING meeting AS m,
        unnest(CAST(:users AS uuid[]), CAST(:projects AS uuid[])) AS gone(user_oid, project_oid)
    WHERE m.id = ANY(CAST(:ids AS bigint[])) AND m.project_oid = gone.project_oid
    AND named.meeting_id = m.id AND named.user_oid = gone.user_oid
    AND NOT EXISTS (
        SELECT FROM assignment AS a
        WHERE a.user_oid = gone.user_oid AND a.project_oid = gone.project_oid AND NOT a.deleted
    )
    RETURNING named.meeting_id, named.user_oid
""")
_NAMED = text("""
    SELECT meeting_id, user_oid FROM meeting_person
    WHERE meeting_id = ANY(CAST(:ids AS bigint[])) AND user_oid = ANY(CAST(:users AS uuid[]))
""")
_MEMBERS = text("""
    SELECT id, team_oid, user_oid FROM assignment
    WHERE user_oid = ANY(CAST(:users AS uuid[])) AND team_oid = ANY(CAST(:teams AS uuid[])) AND NOT deleted
""")

_PEOPLE = text("""
    SELECT oid, name, email, locale, time_zone FROM person WHERE oid = ANY(CAST(:oids AS uuid[]))
""")


class Leaver(NamedTuple):
    """A person and a project that they may have left."""

    user_oid: UUID
    project_oid: UUID


class Member(NamedTuple):
    """A person in a team, by one assignment."""

    assignment_id: int
    team_oid: UUID
    user_oid: UUID


class Attendance(NamedTuple):
    """Somebody who is asked to a meeting, in whatever way."""

    meeting_id: int
    user_oid: UUID


async def list_active(session: ReadSession, ids: Collection[int]) -> dict[int, Place]:
    """Whom the assignments put where at present; one that is not active is missing."""
    return await _list_places(session, _ACTIVE, ids)


async def list_ended(session: ReadSession, ids: Collection[int]) -> dict[int, Place]:
    """Whom the assignments, which have ended, had put where."""
    return await _list_places(session, _ENDED, ids)


async def _list_places(session: ReadSession, statement: TextClause, ids: Collection[int]) -> dict[int, Place]:
    rows = await session.execute(statement, {"ids": list(ids)})
    return {number: Place(*place) for number, *place in rows}


async def lock_teams(session: WriteSession, teams: Collection[UUID]) -> None:
    """Wait for those who are asking the teams to meetings, and let others who want to wait for us.

    Else somebody could be asked by a team that they are leaving, and nobody would tell them more.
    """
    await session.execute(_LOCK_TEAMS, {"teams": list(teams)})


async def list_meetings_to_come(
    session: ReadSession, teams: Collection[UUID], leavers: Collection[Leaver], now: datetime
) -> list[int]:
    """The scheduled meetings that any of the teams, or of the leavers by name, is asked to, by their ids.

    Only those that take place once more after `now`, and of the leavers those of the project they leave.
    """
    parameters = {"teams": list(teams), "now": now, **_pairs(leavers)}
    return list((await session.scalars(_TO_COME, parameters)).all())


async def lock_scheduled(session: WriteSession, ids: Collection[int]) -> Sequence[Meeting]:
    """Those of the meetings that are not cancelled, for us alone."""
    statement = select(Meeting).where(Meeting.id.in_(ids), Meeting.status == "scheduled")
    statement = statement.order_by(Meeting.id).with_for_update()
    return (await session.scalars(statement)).all()


async def dismiss(
    session: WriteSession, ids: Collection[int], leavers: Collection[Leaver]
) -> set[Attendance]:
    """Ask no longer by name, to these meetings, those who are no longer in the meeting's project."""
    parameters = {"ids": list(ids), **_pairs(leavers)}
    return {Attendance(*row) for row in await session.execute(_DISMISS, parameters)}


async def list_named(session: ReadSession, ids: Collection[int], users: Collection[UUID]) -> set[Attendance]:
    """Who of the users is asked by name to which of the meetings."""
    return {
        Attendance(*row) for row in await session.execute(_NAMED, {"ids": list(ids), "users": list(users)})
    }


async def list_teams_asked(session: ReadSession, ids: Collection[int]) -> dict[int, set[UUID]]:
    """The teams that are asked to each of the meetings."""
    statement = select(MeetingTeam.meeting_id, MeetingTeam.team_oid).where(MeetingTeam.meeting_id.in_(ids))
    asked: dict[int, set[UUID]] = {number: set() for number in ids}
    for meeting_id, team_oid in await session.execute(statement):
        asked[meeting_id].add(team_oid)
    return asked


async def list_members(
    session: ReadSession, teams: Collection[UUID], users: Collection[UUID]
) -> list[Member]:
    """Who of the users is in which of the teams at present, by which assignment."""
    rows = await session.execute(_MEMBERS, {"teams": list(teams), "users": list(users)})
    return [Member(*row) for row in rows]


async def list_people(session: ReadSession, oids: Collection[UUID]) -> dict[UUID, Row[Any]]:
    """What recipients are made of: oid, name, e-mail, locale and time zone."""
    return {row.oid: row for row in await session.execute(_PEOPLE, {"oids": list(oids)})}


def _pairs(leavers: Collection[Leaver]) -> Mapping[str, Any]:
    return {
        "users": [it.user_oid for it in leavers],
        "projects": [it.project_oid for it in leavers],
    }
