"""Jobs that reassign tasks: what they work on, what they have done, and the queue that they wait in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnExpressionArgument, Row, func, insert, literal, select, text, tuple_

from service_kit import jobs
from service_kit.db import ReadSession, WriteSession
from task_meeting.models import ReassignChoice, ReassignJob, ReassignPool, Task, Team
from task_meeting.queries.eligible import Scope

ENTRYPOINT = "reassign"

_STALLED = text("""
    SELECT extract(epoch FROM now() - greatest(
        min(created_at), (SELECT max(advanced_at) FROM reassign_job)
    ))::float8
    FROM reassign_job WHERE finished_at IS NULL HAVING count(*) > 0
""")
_LOST = text("""
    SELECT oid FROM reassign_job AS j
    WHERE finished_at IS NULL AND NOT EXISTS (
        SELECT FROM pgqueuer AS q WHERE q.dedupe_key = j.oid::text AND q.status IN ('queued', 'picked')
    )
""")


class Workload(NamedTuple):
    """The open tasks of one scope."""

    scope: Scope
    tasks: int
    newest_task_id: int


async def find_team_project(session: ReadSession, team_oid: UUID) -> UUID | None:
    """The project of a team."""
    found: UUID | None = await session.scalar(select(Team.project_oid).where(Team.oid == team_oid))
    return found


async def list_workloads(
    session: ReadSession, project_oids: Sequence[UUID] | None, team_oid: UUID | None
) -> list[Workload]:
    """The open tasks of the projects (None: of all), by scope."""
    statement = (
        select(Task.project_oid, Task.team_oid, func.count(), func.max(Task.id))
        .where(*_in_job(project_oids, team_oid))
        .group_by(Task.project_oid, Task.team_oid)
    )
    rows = await session.execute(statement)
    return [Workload(Scope(project, team), tasks, newest) for project, team, tasks, newest in rows]


async def enqueue(session: WriteSession, job_oid: UUID) -> None:
    """Let a worker take up the job when, and only when, the caller's transaction commits."""
    await jobs.enqueue(session, ENTRYPOINT, str(job_oid))


async def list_lost(session: ReadSession) -> Sequence[UUID]:
    """Unfinished jobs that no worker would ever take up: the queue does not know them."""
    return (await session.scalars(_LOST)).all()


async def stalled_seconds(session: ReadSession) -> float:
    """For how many seconds a job has been waiting while none got on; 0 when there is none."""
    seconds: float | None = await session.scalar(_STALLED)
    return seconds or 0.0


async def find_job(session: ReadSession, job_oid: UUID) -> ReassignJob | None:
    """A job as it is now."""
    return await session.get(ReassignJob, job_oid)


async def lock_job(session: WriteSession, job_oid: UUID) -> ReassignJob | None:
    """A job, which nobody else works on until the transaction ends."""
    return await session.get(ReassignJob, job_oid, with_for_update=True)


async def next_tasks(
    session: ReadSession, job: ReassignJob, limit: int
) -> Sequence[Row[UUID, datetime, int]]:
    """What comes next, as (project_oid, created_at, id): by project and age."""
    place = (Task.project_oid, Task.created_at, Task.id)
    statement = select(*place).where(*_in_job(job.project_oids, job.team_oid), Task.id <= job.newest_task_id)
    if job.last_task_id is not None:
        statement = statement.where(
            tuple_(*place) > tuple_(job.last_project_oid, job.last_created_at, job.last_task_id)
        )
    return (await session.execute(statement.order_by(*place).limit(limit))).all()


async def lock_tasks(session: WriteSession, job: ReassignJob, ids: Sequence[int]) -> Sequence[Task]:
    """Those of the tasks that are still the job's, for us alone until the transaction ends."""
    statement = (
        select(Task)
        .where(Task.id.in_(ids), *_in_job(job.project_oids, job.team_oid))
        .order_by(Task.id)
        .with_for_update()
    )
    return (await session.scalars(statement)).all()


async def add_records(
    session: WriteSession, pools: Sequence[dict[str, Any]], choices: Sequence[dict[str, Any]]
) -> None:
    """Write what proves a chunk's choices."""
    for model, rows in ((ReassignPool, pools), (ReassignChoice, choices)):
        if rows:
            await session.execute(insert(model), rows)


async def count_not_reassigned(
    session: ReadSession, job_oid: UUID
) -> Sequence[Row[UUID, UUID | None, str | None, int]]:
    """How many tasks stayed as they were, as (project_oid, team_oid, reason, tasks)."""
    columns = (ReassignChoice.project_oid, ReassignChoice.team_oid, ReassignChoice.reason)
    statement = (
        select(*columns, func.count().label("tasks"))
        .where(ReassignChoice.job_oid == job_oid, ReassignChoice.reason.is_not(None))
        .group_by(*columns)
        .order_by(*columns)
    )
    return (await session.execute(statement)).all()


async def list_choices(
    session: ReadSession, job_oid: UUID, after: int, limit: int
) -> Sequence[ReassignChoice]:
    """The choices after a position."""
    # As wide as what a cursor may claim.
    position = literal(after, BigInteger)
    statement = (
        select(ReassignChoice)
        .where(ReassignChoice.job_oid == job_oid, ReassignChoice.position > position)
        .order_by(ReassignChoice.position)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def list_pools(session: ReadSession, job_oid: UUID, numbers: set[int]) -> Sequence[ReassignPool]:
    """The pools with these numbers."""
    statement = (
        select(ReassignPool)
        .where(ReassignPool.job_oid == job_oid, ReassignPool.number.in_(numbers))
        .order_by(ReassignPool.number)
    )
    return (await session.scalars(statement)).all()


def _in_job(
    project_oids: Sequence[UUID] | None, team_oid: UUID | None
) -> list[ColumnExpressionArgument[bool]]:
    conditions: list[ColumnExpressionArgument[bool]] = [Task.open]
    if project_oids is not None:
        conditions.append(Task.project_oid == func.any(project_oids))
    if team_oid is not None:
        conditions.append(Task.team_oid == team_oid)
    return conditions
