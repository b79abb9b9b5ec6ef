"""When tasks and meetings are to be looked at for reminders, and which reminders there were."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Interval, bindparam, delete, exists, select, text

from service_kit.db import ReadSession, WriteSession
from task_meeting.models import (
    Assignment,
    Meeting,
    Person,
    Project,
    Reminder,
    ReminderPlan,
    Task,
)

_PLAN = text("""
    INSERT INTO reminder_plan (task_id, next_at)
    SELECT * FROM unnest(CAST(:tasks AS bigint[]), CAST(:moments AS timestamptz[]))
    ON CONFLICT (task_id) DO UPDATE SET next_at = excluded.next_at
""")
_PLAN_PROJECT = text("""
    INSERT INTO reminder_plan (task_id, next_at)
    SELECT id, greatest(deadline - :before, :now) FROM task
    WHERE project_oid = :project_oid AND open AND assignee_oid IS NOT NULL AND deadline IS NOT NULL
    ON CONFLICT DO NOTHING
""").bindparams(bindparam("before", type_=Interval()))
_FORGET_CLOSED = text("""
    DELETE FROM reminder_plan USING task
    WHERE task.id = task_id AND task.project_oid = :project_oid AND NOT task.open
""")
_TAKE_OCCURRENCES = text("""
    WITH due AS (
        SELECT meeting_id, original_start, remind_at FROM meeting_occurrence
        WHERE remind_at <= :now ORDER BY remind_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE meeting_occurrence AS o SET remind_at = NULL FROM due
    WHERE o.meeting_id = due.meeting_id AND o.original_start = due.original_start
    RETURNING o.meeting_id, o.starts_at, o.ends_at, due.remind_at
""")
_ADD = text("""
    INSERT INTO reminder (subject_oid, user_oid, kind, due_at, occasion, created_at)
    SELECT *, :now FROM unnest(
        CAST(:subjects AS uuid[]), CAST(:users AS uuid[]), CAST(:kinds AS text[]),
        CAST(:due AS timestamptz[]), CAST(:occasions AS timestamptz[])
    )
    ON CONFLICT DO NOTHING
    RETURNING subject_oid, user_oid, kind, due_at, occasion
""")
_OLDEST_DUE = text("""
    SELECT least((SELECT min(next_at) FROM reminder_plan), (SELECT min(remind_at) FROM meeting_occurrence))
""")


class Key(NamedTuple):
    """What makes a reminder one: a subject and a person, and of the subject which moment."""

    subject_oid: UUID
    user_oid: UUID
    kind: str
    due_at: datetime
    occasion: datetime


class Assigned(NamedTuple):
    """An open task with a deadline and an assignee, who is `active` in its project at present, or is not."""

    task: Task
    deadline: datetime
    project_name: str | None
    person: Person | None
    active: bool


class DueOccurrence(NamedTuple):
    """A time that a meeting takes place, of which people were to be reminded at `remind_at`."""

    meeting_id: int
    starts_at: datetime
    ends_at: datetime
    remind_at: datetime


async def plan(session: WriteSession, moments: Mapping[int, datetime]) -> None:
    """Let tasks be looked at then, instead of whenever it was planned."""
    if moments:
        await session.execute(_PLAN, {"tasks": list(moments), "moments": list(moments.values())})


async def forget(session: WriteSession, task_ids: Collection[int]) -> None:
    """Let tasks not be looked at any more."""
    if task_ids:
        await session.execute(delete(ReminderPlan).where(ReminderPlan.task_id.in_(task_ids)))


async def plan_project(session: WriteSession, project_oid: UUID, before: timedelta, now: datetime) -> None:
    """Let the tasks of a project be looked at so long before their deadlines, if they are not already.

    Closed ones are not looked at any more.
    """
    parameters = {"project_oid": project_oid, "before": before, "now": now}
    await session.execute(_PLAN_PROJECT, parameters)
    await session.execute(_FORGET_CLOSED, {"project_oid": project_oid})


async def lock_due(session: WriteSession, now: datetime, limit: int) -> dict[int, datetime]:
    """The tasks that are to be looked at, and for when that was planned.

    Whoever changes one of them waits for this transaction; those that somebody else looks at, or is changing,
    are left to them.
    """
    statement = (
        select(ReminderPlan.task_id, ReminderPlan.next_at)
        .where(ReminderPlan.next_at <= now)
        .order_by(ReminderPlan.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return {task_id: next_at for task_id, next_at in await session.execute(statement)}  # noqa: C416 - rows are no pairs


async def list_assigned(session: ReadSession, task_ids: Iterable[int]) -> list[Assigned]:
    """Those of the tasks that are open, with a deadline and an assignee."""
    active = exists().where(
        ~Assignment.deleted,
        Assignment.user_oid == Task.assignee_oid,
        Assignment.project_oid == Task.project_oid,
    )
    statement = (
        select(Task, Task.deadline, Project.name, Person, active)
        .outerjoin(Project, Project.oid == Task.project_oid)
        .outerjoin(Person, Person.oid == Task.assignee_oid)
        .where(Task.id.in_(task_ids), Task.open, Task.assignee_oid.is_not(None), Task.deadline.is_not(None))
        .order_by(Task.id)
    )
    return [Assigned._make(row) for row in await session.execute(statement)]


async def take_occurrences(session: WriteSession, now: datetime, limit: int) -> list[DueOccurrence]:
    """The times of meetings of which people are to be reminded, once; nobody else gets them."""
    rows = await session.execute(_TAKE_OCCURRENCES, {"now": now, "limit": limit})
    return [DueOccurrence(*row) for row in rows]


async def list_scheduled(
    session: ReadSession, meeting_ids: Collection[int]
) -> dict[int, tuple[Meeting, str | None]]:
    """Those of the meetings that are not cancelled, with the names of their projects."""
    statement = (
        select(Meeting, Project.name)
        .outerjoin(Project, Project.oid == Meeting.project_oid)
        .where(Meeting.id.in_(meeting_ids), Meeting.status == "scheduled")
    )
    rows = await session.execute(statement)
    return {meeting.id: (meeting, project_name) for meeting, project_name in rows}


async def list_present(session: ReadSession, user_oids: Collection[UUID]) -> set[UUID]:
    """Those of the people who are in any project at present."""
    statement = select(Assignment.user_oid).where(Assignment.user_oid.in_(user_oids), ~Assignment.deleted)
    return set((await session.scalars(statement.distinct())).all())


async def add(session: WriteSession, keys: Sequence[Key], now: datetime) -> set[Key]:
    """Write that people are reminded, and say of what they had not been before."""
    parameters: dict[str, Any] = {"now": now}
    for number, name in enumerate(("subjects", "users", "kinds", "due", "occasions")):
        parameters[name] = [key[number] for key in keys]
    return {Key(*row) for row in await session.execute(_ADD, parameters)}


async def forget_old(session: WriteSession, before: datetime) -> None:
    """Forget reminders that are older."""
    await session.execute(delete(Reminder).where(Reminder.created_at < before))


async def oldest_due(session: ReadSession) -> datetime | None:
    """When the next look is planned, or was."""
    moment: datetime | None = await session.scalar(_OLDEST_DUE)
    return moment
