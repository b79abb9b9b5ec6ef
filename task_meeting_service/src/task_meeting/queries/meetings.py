"""Single meetings, who is asked to come, and who that is at present."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, any_, delete, exists, insert, literal, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.types import Uuid

from service_kit.db import ReadSession, WriteSession
from task_meeting.models import Assignment, Meeting, MeetingPerson, MeetingResponse, MeetingTeam, Person, Team
from task_meeting.schemas.meetings import Response

# People asked by name, people who are in a team that is asked at present, and organizers.
_GUESTS = text("""
    SELECT g.meeting_id, p.oid, p.name, p.email, p.locale, p.time_zone, coalesce(r.status, 'needs_action')
    FROM (
        SELECT meeting_id, user_oid FROM meeting_person WHERE meeting_id = ANY(CAST(:ids AS bigint[]))
        UNION
        SELECT t.meeting_id, a.user_oid FROM meeting_team AS t
        JOIN assignment AS a ON a.team_oid = t.team_oid AND NOT a.deleted
        WHERE t.meeting_id = ANY(CAST(:ids AS bigint[]))
        UNION
        SELECT id, organizer_oid FROM meeting WHERE id = ANY(CAST(:ids AS bigint[]))
    ) AS g
    JOIN person AS p ON p.oid = g.user_oid
    LEFT JOIN meeting_response AS r ON r.meeting_id = g.meeting_id AND r.user_oid = g.user_oid
    ORDER BY g.meeting_id, lower(p.name), p.oid
""")
_IS_GUEST = text("""
    SELECT EXISTS (SELECT FROM meeting WHERE id = :id AND organizer_oid = :user_oid)
        OR EXISTS (SELECT FROM meeting_person WHERE meeting_id = :id AND user_oid = :user_oid)
        OR EXISTS (
            SELECT FROM meeting_team AS t
            JOIN assignment AS a ON a.team_oid = t.team_oid AND NOT a.deleted AND a.user_oid = :user_oid
            WHERE t.meeting_id = :id
        )
""")
_CONTEXT = text("""
    SELECT m.id, o.oid, o.name, o.email, p.name, t.name, n.starts_at, n.ends_at
    FROM meeting AS m
    JOIN person AS o ON o.oid = m.organizer_oid
    LEFT JOIN project AS p ON p.oid = m.project_oid
    LEFT JOIN team AS t ON t.oid = m.team_oid
    LEFT JOIN LATERAL (
        SELECT starts_at, ends_at FROM meeting_occurrence
        WHERE meeting_id = m.id AND ends_at > :now
        ORDER BY starts_at LIMIT 1
    ) AS n ON true
    WHERE m.id = ANY(CAST(:ids AS bigint[]))
""")


class GuestRow(NamedTuple):
    """Somebody who is asked to come at present, in whatever way, and what they answered."""

    oid: UUID
    name: str
    email: str
    locale: str | None
    time_zone: str | None
    status: Response


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked to come beside the organizer: people by name, and teams."""

    people: frozenset[UUID] = frozenset()
    teams: frozenset[UUID] = frozenset()


class Context(NamedTuple):
    """What a meeting's own row does not tell; `next_start` is that of the next time, which may have begun."""

    organizer_oid: UUID
    organizer_name: str
    organizer_email: str
    project_name: str | None
    team_name: str | None
    next_start: datetime | None
    next_end: datetime | None


async def find_meeting(session: ReadSession, oid: UUID) -> Meeting | None:
    """The meeting, if there is one."""
    return (await session.scalars(select(Meeting).where(Meeting.oid == oid))).one_or_none()


async def lock_meeting(session: WriteSession, oid: UUID) -> Meeting | None:
    """The meeting as it is now; others that want to change it wait until the transaction ends."""
    statement = select(Meeting).where(Meeting.oid == oid).with_for_update()
    # It may have been read, without the lock, earlier in the transaction.
    return (await session.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def guests(session: ReadSession, meeting_ids: Collection[int]) -> dict[int, list[GuestRow]]:
    """Who comes to each meeting, by name: whoever is asked, and the organizer."""
    rows = await session.execute(_GUESTS, {"ids": list(meeting_ids)})
    return {
        meeting_id: [GuestRow(*row[1:]) for row in of_meeting]
        for meeting_id, of_meeting in groupby(rows, lambda row: row[0])
    }


async def is_guest(session: ReadSession, meeting_id: int, user_oid: UUID) -> bool:
    """Whether somebody is asked to come, or is the organizer."""
    return bool(await session.scalar(_IS_GUEST, {"id": meeting_id, "user_oid": user_oid}))


async def list_asked(session: ReadSession, meeting_ids: Collection[int]) -> dict[int, Asked]:
    """Who is asked to come to each meeting."""
    people = await _parts(session, MeetingPerson.user_oid, meeting_ids)
    teams = await _parts(session, MeetingTeam.team_oid, meeting_ids)
    return {
        meeting_id: Asked(people.get(meeting_id, frozenset()), teams.get(meeting_id, frozenset()))
        for meeting_id in meeting_ids
    }


async def save_asked(session: WriteSession, meeting_id: int, before: Asked, asked: Asked) -> None:
    """Ask these people and teams instead of those before."""
    await _ask(session, meeting_id, MeetingPerson.user_oid, before.people, asked.people)
    await _ask(session, meeting_id, MeetingTeam.team_oid, before.teams, asked.teams)


async def save_response(
    session: WriteSession, meeting_id: int, user_oid: UUID, status: Response, now: datetime
) -> None:
    """Remember somebody's answer, instead of an earlier one."""
    given = {"status": status, "responded_at": now}
    statement = upsert(MeetingResponse).values(meeting_id=meeting_id, user_oid=user_oid, **given)
    await session.execute(statement.on_conflict_do_update(constraint="pk_meeting_response", set_=given))


async def contexts(session: ReadSession, meeting_ids: Collection[int], now: datetime) -> dict[int, Context]:
    """What the meetings' own rows do not tell."""
    rows = await session.execute(_CONTEXT, {"ids": list(meeting_ids), "now": now})
    return {row[0]: Context(*row[1:]) for row in rows}


async def hold_people(
    session: WriteSession, user_oids: Collection[UUID], seen_by: UUID | None
) -> frozenset[UUID]:
    """Which of the people are seen; their assignments stay as they are until the transaction ends."""
    seen = _people_seen(user_oids, seen_by).order_by(Assignment.id)
    return frozenset(await session.scalars(seen.with_for_update(read=True, of=Assignment)))


async def hold_teams(
    session: WriteSession, team_oids: Collection[UUID], seen_by: UUID | None
) -> frozenset[UUID]:
    """Which of the teams are seen; whoever follows a change of their membership waits for this transaction.

    So nobody is forgotten who joins a team at the moment in which a meeting asks it: who comes first is seen
    by the other.
    """
    seen = _teams_seen(team_oids, seen_by).order_by(Team.oid)
    return frozenset(await session.scalars(seen.with_for_update(read=True, of=Team)))


async def list_seen_asked(session: ReadSession, asked: Asked, seen_by: UUID | None) -> Asked:
    """Which of the people and teams are seen."""
    people = await session.scalars(_people_seen(asked.people, seen_by))
    teams = await session.scalars(_teams_seen(asked.teams, seen_by))
    return Asked(frozenset(people), frozenset(teams))


async def list_people(session: ReadSession, asked: Asked) -> dict[UUID, str]:
    """The names of all who are asked, by name or by a team."""
    members = select(Assignment.user_oid).where(
        Assignment.team_oid == any_(_uuids(asked.teams)), ~Assignment.deleted
    )
    wanted = or_(Person.oid == any_(_uuids(asked.people)), Person.oid.in_(members))
    rows = await session.execute(select(Person.oid, Person.name).where(wanted))
    return {oid: name for oid, name in rows}  # noqa: C416 - rows are no pairs


def _people_seen(user_oids: Iterable[UUID], seen_by: UUID | None) -> Select[UUID]:
    statement = select(Assignment.user_oid).where(
        Assignment.user_oid == any_(_uuids(user_oids)), ~Assignment.deleted
    )
    return statement if seen_by is None else statement.where(Assignment.project_oid.in_(_projects(seen_by)))


def _teams_seen(team_oids: Iterable[UUID], seen_by: UUID | None) -> Select[UUID]:
    there = exists().where(Assignment.team_oid == Team.oid, ~Assignment.deleted)
    statement = select(Team.oid).where(Team.oid == any_(_uuids(team_oids)), there)
    return statement if seen_by is None else statement.where(Team.project_oid.in_(_projects(seen_by)))


def _projects(user_oid: UUID) -> Select[UUID]:
    mine = aliased(Assignment)
    return select(mine.project_oid).where(mine.user_oid == user_oid, ~mine.deleted)


def _uuids(oids: Iterable[UUID]) -> Any:
    return literal(list(oids), ARRAY(Uuid))


async def _parts(
    session: ReadSession, oid: InstrumentedAttribute[UUID], meeting_ids: Collection[int]
) -> dict[int, frozenset[UUID]]:
    meeting_id = oid.class_.meeting_id
    rows = await session.execute(
        select(meeting_id, oid).where(meeting_id.in_(meeting_ids)).order_by(meeting_id)
    )
    return {
        key: frozenset(row[1] for row in of_meeting) for key, of_meeting in groupby(rows, lambda row: row[0])
    }


async def _ask(
    session: WriteSession,
    meeting_id: int,
    oid: InstrumentedAttribute[UUID],
    before: frozenset[UUID],
    after: frozenset[UUID],
) -> None:
    model = oid.class_
    if gone := before - after:
        await session.execute(delete(model).where(model.meeting_id == meeting_id, oid.in_(gone)))
    if new := sorted(after - before):
        rows = [{"meeting_id": meeting_id, oid.key: it} for it in new]
        await session.execute(insert(model), rows)
