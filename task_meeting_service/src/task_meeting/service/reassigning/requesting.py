"""Asking for a job: nothing is done yet, but that it will be is committed."""

from uuid import UUID

from service_kit.db import WriteSession
from service_kit.http import NotFound
from task_meeting.models import ReassignJob
from task_meeting.queries import eligible, visibility
from task_meeting.queries import reassigning as queries
from task_meeting.schemas.reassigning import ReassignRequest
from task_meeting.service.access import Access
from task_meeting.service.assigning import new_seed, nobody_eligible


async def request_job(session: WriteSession, access: Access, request: ReassignRequest) -> ReassignJob:
    """Write the job and put it into the queue, in the caller's transaction.

    Raises:
        NotFound: the project or the team is not one of the caller's.
        Problem: 409, nobody is eligible for any of the open tasks.
    """
    projects = await _projects(session, access, request)
    workloads = await queries.list_workloads(session, projects, request.team_oid)
    if workloads and not await eligible.list_eligible(session, [it.scope for it in workloads]):
        raise nobody_eligible()
    job = ReassignJob(
        requested_by=access.oid,
        project_oids=projects,
        team_oid=request.team_oid,
        strategy=request.strategy,
        seed=new_seed(),
        total=sum(it.tasks for it in workloads),
        newest_task_id=max((it.newest_task_id for it in workloads), default=0),
    )
    session.add(job)
    await session.flush()
    await session.refresh(job)
    await queries.enqueue(session, job.oid)
    return job


async def _projects(session: WriteSession, access: Access, request: ReassignRequest) -> list[UUID] | None:
    """The projects whose tasks are meant; None for all."""
    if request.project_oid is not None:
        await access.check_project(session, request.project_oid)
    if request.team_oid is not None:
        return [await _project_of_team(session, access, request.team_oid, request.project_oid)]
    return await access.projects(session) if request.project_oid is None else [request.project_oid]


async def _project_of_team(
    session: WriteSession, access: Access, team_oid: UUID, wanted: UUID | None
) -> UUID:
    """Raises `NotFound` for a team that is not seen as for one that is not there: neither is told."""
    found = await queries.find_team_project(session, team_oid)
    if (
        found is None
        or wanted not in {None, found}
        or not await visibility.project_is_seen(session, access.seen_by, found)
    ):
        raise NotFound("team")
    return found
