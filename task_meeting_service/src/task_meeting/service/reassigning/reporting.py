"""What became of a job, and what proves its choices.

A job is seen by whoever asked for it, and by those who see everything.
"""

from uuid import UUID

from service_kit.db import ReadSession
from service_kit.http import NotFound
from service_kit.http.cursor import decode_cursor, encode_cursor
from task_meeting.models import ReassignJob, ReassignPool
from task_meeting.queries import reassigning as queries
from task_meeting.schemas import reassigning as schemas
from task_meeting.service.access import Access


async def job_report(session: ReadSession, access: Access, job_oid: UUID) -> schemas.ReassignJob:
    """How far a job is. Raises `NotFound`."""
    job = await _find(session, access, job_oid)
    rows = await queries.count_not_reassigned(session, job_oid)
    return report(job, [schemas.NotReassigned.model_validate(row) for row in rows])


def report(job: ReassignJob, not_reassigned: list[schemas.NotReassigned]) -> schemas.ReassignJob:
    """The answer about a job."""
    finished = job.finished_at is not None
    return schemas.ReassignJob(
        oid=job.oid,
        status=_status(job),
        project_oid=job.project_oids[0] if job.project_oids and len(job.project_oids) == 1 else None,
        team_oid=job.team_oid,
        strategy=job.strategy,
        total=job.total,
        processed=job.processed,
        reassigned=job.reassigned,
        # More may be looked at than were open at first, as some are reopened before their turn.
        skipped=max(job.total - job.processed, 0) if finished else None,
        progress=1.0 if finished or not job.total else min(round(job.processed / job.total, 4), 1.0),
        not_reassigned=not_reassigned,
        created_at=job.created_at,
        finished_at=job.finished_at,
        error=job.error,
    )


async def job_proof(
    session: ReadSession, access: Access, job_oid: UUID, query: schemas.ProofQuery
) -> schemas.Proof:
    """A page of a job's choices and their pools. Raises `NotFound`, and `CursorError` for a wrong cursor."""
    job = await _find(session, access, job_oid)
    context = ["proof", str(job_oid)]
    (after,) = decode_cursor(query.cursor, context, tuple[int]) if query.cursor else (0,)
    choices = await queries.list_choices(session, job_oid, after, query.size + 1)
    shown = choices[: query.size]
    more = len(choices) > query.size
    pools = await queries.list_pools(session, job_oid, {it.pool for it in shown if it.pool is not None})
    return schemas.Proof(
        job_oid=job_oid,
        seed=job.seed,
        pools=list(map(_pool, pools)),
        choices=[schemas.Choice.model_validate(it) for it in shown],
        size=query.size,
        next_cursor=encode_cursor((shown[-1].position,), context) if more else None,
    )


async def _find(session: ReadSession, access: Access, job_oid: UUID) -> ReassignJob:
    job = await queries.find_job(session, job_oid)
    if job is None or not (access.everywhere or job.requested_by == access.oid):
        raise NotFound("job")
    return job


def _status(job: ReassignJob) -> schemas.Status:
    if job.error is not None:
        return "failed"
    if job.finished_at is not None:
        return "done"
    return "queued" if job.advanced_at is None else "running"


def _pool(pool: ReassignPool) -> schemas.Pool:
    loads = None
    if pool.loads is not None:
        counted = zip(pool.eligible, pool.loads, strict=True)
        loads = [schemas.Load(user_oid=person, tasks=tasks) for person, tasks in counted]
    return schemas.Pool.model_validate({**vars(pool), "loads": loads})
