"""Doing a job, a chunk in a transaction: whatever dies and when, each task is reassigned once.

The job's row is locked first, so two workers take turns; it says where the next chunk begins.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func

from service_kit import outbox
from service_kit.db import Database, WriteSession
from task_meeting.events import reassign_event
from task_meeting.models import ReassignJob, Task
from task_meeting.queries import reassigning as queries
from task_meeting.queries.eligible import Scope
from task_meeting.service.assigning import Draw, Vacancy, draw_all
from task_meeting.service.tasks.changing import Change, change

# What S3's consumers take at once.
CHUNK = 500


async def work_chunk(database: Database, job_oid: UUID, *, size: int = CHUNK) -> bool:
    """Reassign the next tasks of a job. Whether there may be more."""
    async with database.transaction() as session:
        job = await queries.lock_job(session, job_oid)
        if job is None or job.finished_at is not None:
            return False
        found = await queries.next_tasks(session, job, size)
        if found:
            await _reassign(session, job, await queries.lock_tasks(session, job, [it.id for it in found]))
            last = found[-1]
            job.last_project_oid, job.last_created_at = last.project_oid, last.created_at
            job.last_task_id = last.id
        else:
            job.finished_at = func.now()
        job.advanced_at = func.now()
        return bool(found)


async def fail(database: Database, job_oid: UUID, error: str) -> None:
    """End a job that cannot go on; what it has done stays done."""
    async with database.transaction() as session:
        job = await queries.lock_job(session, job_oid)
        if job is not None and job.finished_at is None:
            job.error, job.finished_at = error, func.now()


async def _reassign(session: WriteSession, job: ReassignJob, tasks: Sequence[Task]) -> None:
    # By project, and within it by team: the choices of a pool follow one another.
    vacancies = [Vacancy(_scope(task), task.oid, task.assignee_oid) for task in tasks]
    draws = await draw_all(session, vacancies, job.seed, strategy=job.strategy)
    await _change(session, job, {task.oid: task for task in tasks}, draws)
    await _record(session, job, vacancies, draws)


def _scope(task: Task) -> Scope:
    return Scope(task.project_oid, task.team_oid)


async def _change(
    session: WriteSession, job: ReassignJob, tasks: dict[UUID, Task], draws: Sequence[Draw]
) -> None:
    """Write the new assignees, and say so: each task's news on its own, and all of them together."""
    changes = [
        Change(tasks[vacancy.task_oid], {"assignee_oid": choice.assignee_oid}, job.requested_by, choice)
        for draw in draws
        for vacancy, choice in draw.choices()
        if choice.assignee_oid != vacancy.present
    ]
    if changes:
        assignees = {it.task.oid: it.fields["assignee_oid"] for it in changes}
        await change(session, changes)
        await outbox.emit(session, [reassign_event(job.oid, assignees)])
        job.reassigned += len(changes)


async def _record(
    session: WriteSession, job: ReassignJob, vacancies: Sequence[Vacancy], draws: Sequence[Draw]
) -> None:
    pools = [_pool(job, number, draw) for number, draw in enumerate(draws, job.pools + 1)]
    drawn = {draw.scope for draw in draws}
    choices = [
        *(
            _choice(vacancy, pool["number"], chosen, "nobody_else" if chosen == vacancy.present else None)
            for pool, draw in zip(pools, draws, strict=True)
            for vacancy, chosen in draw.chosen
        ),
        *(_choice(it, None, it.present, "nobody_eligible") for it in vacancies if it.scope not in drawn),
    ]
    for position, choice in enumerate(choices, job.processed + 1):
        choice |= {"job_oid": job.oid, "position": position}
    await queries.add_records(session, pools, choices)
    job.pools += len(pools)
    job.processed += len(choices)


def _pool(job: ReassignJob, number: int, draw: Draw) -> dict[str, Any]:
    counted = draw.strategy == "least_loaded"
    return {
        "job_oid": job.oid,
        "number": number,
        "project_oid": draw.scope.project_oid,
        "team_oid": draw.scope.team_oid,
        "strategy": draw.strategy,
        "eligible": list(draw.eligible),
        "eligible_hash": draw.eligible_hash,
        "last_oid": draw.last,
        "loads": [draw.loads[person] for person in draw.eligible] if counted else None,
    }


def _choice(vacancy: Vacancy, pool: int | None, after: UUID | None, reason: str | None) -> dict[str, Any]:
    return {
        "project_oid": vacancy.scope.project_oid,
        "team_oid": vacancy.scope.team_oid,
        "task_oid": vacancy.task_oid,
        "pool": pool,
        "before_oid": vacancy.present,
        "after_oid": after,
        "reason": reason,
    }
