"""How projects work with their tasks."""

from uuid import UUID

from fastapi import APIRouter, Response

from service_kit.http.answers import TAGGED, WITH_BODY, problems
from service_kit.http.etag import IfMatch, etag
from task_meeting.api.dependencies import ManagesTasks, NoParameters, ReadsTasks, Session, Writing
from task_meeting.schemas import project_settings as schemas
from task_meeting.service.tasks import settings

router = APIRouter(prefix="/projects/{project_oid}/settings", tags=["projects"])


@router.get("/", summary="Show how a project works", responses=TAGGED)
async def get_settings(
    session: Session, access: ReadsTasks, project_oid: UUID, response: Response, _query: NoParameters
) -> schemas.ProjectSettings:
    """The statuses of a project's tasks, the moves between them, and who gets tasks without an assignee."""
    shown = await settings.show_settings(session, access, project_oid)
    response.headers["ETag"] = etag(shown.version)
    return shown


@router.put("/", summary="Change how a project works", responses=TAGGED | problems(409, 412, *WITH_BODY))
async def put_settings(
    *,
    session: Writing,
    access: ManagesTasks,
    project_oid: UUID,
    if_match: IfMatch,
    body: schemas.NewSettings,
    response: Response,
    _query: NoParameters,
) -> schemas.ProjectSettings:
    """Replace a project's settings. A workflow that lacks a status which tasks have is 409."""
    shown = await settings.replace_settings(session, access, project_oid, if_match, body)
    response.headers["ETag"] = etag(shown.version)
    return shown
