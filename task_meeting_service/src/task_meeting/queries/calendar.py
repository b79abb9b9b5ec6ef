"""Links to calendars, and what a person's calendar shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert

from service_kit.db import ReadSession, WriteSession
from task_meeting.models import Assignment, CalendarFeed, Meeting, Person, Project, Task

# A series that goes on may take place only after what is known of it.
_MEETINGS = text("""
    SELECT m.* FROM meeting AS m
    WHERE m.id IN (
        SELECT id FROM meeting WHERE organizer_oid = :user_oid
        UNION ALL
        SELECT meeting_id FROM meeting_person WHERE user_oid = :user_oid
        UNION ALL
        SELECT t.meeting_id FROM assignment AS a JOIN meeting_team AS t ON t.team_oid = a.team_oid
        WHERE a.user_oid = :user_oid AND NOT a.deleted
    )
    AND (
        m.occurrences_until IS NOT NULL
        OR EXISTS (SELECT FROM meeting_occurrence AS o WHERE o.meeting_id = m.id AND o.ends_at >= :since)
    )
    AND NOT EXISTS (
        SELECT FROM meeting_response AS r
        WHERE r.meeting_id = m.id AND r.user_oid = :user_oid AND r.status = 'declined'
    )
    ORDER BY m.created_at DESC, m.id DESC LIMIT :limit
""")


class Owner(NamedTuple):
    """Whose calendar it is."""

    oid: UUID
    name: str


async def find_link(session: ReadSession, user_oid: UUID) -> CalendarFeed | None:
    """The link to a person's calendar, if there is one."""
    return await session.get(CalendarFeed, user_oid)


async def save_link(session: WriteSession, user_oid: UUID, token_hash: bytes) -> datetime:
    """Let this be the one link to a person's calendar; returns since when it is."""
    new = {"token_hash": token_hash, "created_at": func.now()}
    statement = insert(CalendarFeed).values(user_oid=user_oid, **new)
    statement = statement.on_conflict_do_update(index_elements=["user_oid"], set_=new)
    return (await session.execute(statement.returning(CalendarFeed.created_at))).scalar_one()


async def delete_link(session: WriteSession, user_oid: UUID) -> None:
    """Let there be no link to a person's calendar."""
    await session.execute(delete(CalendarFeed).where(CalendarFeed.user_oid == user_oid))


async def find_owner(session: ReadSession, token_hash: bytes) -> Owner | None:
    """Whose calendar a link leads to: somebody who has an active assignment."""
    assigned = exists().where(Assignment.user_oid == CalendarFeed.user_oid, ~Assignment.deleted)
    statement = (
        select(Person.oid, Person.name)
        .join(CalendarFeed, CalendarFeed.user_oid == Person.oid)
        .where(CalendarFeed.token_hash == token_hash, assigned)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Owner(*row)


async def list_meetings(
    session: ReadSession, user_oid: UUID, since: datetime, limit: int
) -> Sequence[Meeting]:
    """What somebody organizes or is asked to and has not declined, the newest first.

    Only meetings that take place after `since`, cancelled ones included.
    """
    parameters = {"user_oid": user_oid, "since": since, "limit": limit}
    return (await session.scalars(select(Meeting).from_statement(_MEETINGS), parameters)).all()


async def list_tasks(
    session: ReadSession, user_oid: UUID, since: datetime, limit: int
) -> Sequence[tuple[Task, str | None]]:
    """Somebody's tasks that are due after `since`, in projects of theirs, with these; the newest first."""
    mine = select(Assignment.project_oid).where(Assignment.user_oid == user_oid, ~Assignment.deleted)
    statement = (
        select(Task, Project.name)
        .outerjoin(Project, Project.oid == Task.project_oid)
        .where(Task.assignee_oid == user_oid, Task.deadline >= since, Task.project_oid.in_(mine))
        .order_by(Task.created_at.desc(), Task.id.desc())
        .limit(limit)
    )
    return [(task, name) for task, name in await session.execute(statement)]
