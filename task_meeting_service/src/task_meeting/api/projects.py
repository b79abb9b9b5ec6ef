"""Projects that somebody works on."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from task_meeting.api.dependencies import NoParameters, ReadsDirectory, Session
from task_meeting.queries import directory as queries
from task_meeting.schemas import directory as schemas
from task_meeting.service import directory

router = APIRouter(prefix="/projects", tags=["projects"])


@router.get("/", summary="Find projects")
async def list_projects(
    session: Session, access: ReadsDirectory, query: Annotated[schemas.ProjectQuery, Query()]
) -> schemas.ProjectPage:
    """The projects that the caller has an active assignment in; with `projects.all`, all of them."""
    total, projects = await queries.list_projects(session, query, access.seen_by)
    return schemas.ProjectPage(total=total, page=query.page, size=query.size, projects=projects)


@router.get("/{project_oid}/", summary="Show a project with its teams")
async def get_project(
    session: Session, access: ReadsDirectory, project_oid: UUID, _query: NoParameters
) -> schemas.ProjectDetail:
    """A project of the caller's, with its teams."""
    return await directory.project_detail(session, project_oid, access.seen_by)
