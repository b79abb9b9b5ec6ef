"""Reassigning all open tasks: a job that is asked for, followed and checked."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from service_kit.http.answers import ACCEPTED, WITH_BODY, problem, problems
from service_kit.http.idempotency import Answer, Once
from task_meeting.api.dependencies import ManagesTasks, NoParameters, Session, Writing
from task_meeting.schemas import reassigning as schemas
from task_meeting.service.reassigning import reporting, requesting

router = APIRouter(tags=["reassigning"])
_NOBODY = problem(
    409,
    "Nobody is eligible for any of the tasks, or a request with this Idempotency-Key is under way.",
    "Nobody is eligible: no employee is in this project or team at present.",
)


@router.post(
    "/tasks/reassign/",
    summary="Give open tasks to other people",
    status_code=HTTPStatus.ACCEPTED,
    response_model=schemas.ReassignJob,
    responses=ACCEPTED | _NOBODY | problems(*WITH_BODY),
)
async def reassign(
    *,
    session: Writing,
    access: ManagesTasks,
    once: Once,
    body: schemas.ReassignRequest,
    _query: NoParameters,
) -> Response:
    """Start a job that gives each open task to another eligible person, if there is one.

    It is done in chunks by a process of its own; the job says how far it is.
    """

    async def work() -> Answer:
        job = await requesting.request_job(session, access, body)
        location = f"/api/reassign/{job.oid}/"
        return Answer(HTTPStatus.ACCEPTED, reporting.report(job, []), {"Location": location})

    return await once.run(session, access.oid, work)


@router.get("/reassign/{job_oid}/", summary="Show a job")
async def get_job(
    session: Session, access: ManagesTasks, job_oid: UUID, _query: NoParameters
) -> schemas.ReassignJob:
    """How far a job is, and which tasks could not be reassigned. Others' jobs are 404."""
    return await reporting.job_report(session, access, job_oid)


@router.get("/reassign/{job_oid}/proof/", summary="Prove a job's choices")
async def get_proof(
    session: Session, access: ManagesTasks, job_oid: UUID, query: Annotated[schemas.ProofQuery, Query()]
) -> schemas.Proof:
    """All that is needed to compute each choice again; the formulas are in the README."""
    return await reporting.job_proof(session, access, job_oid, query)
