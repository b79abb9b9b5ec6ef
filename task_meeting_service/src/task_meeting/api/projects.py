"""Projects that somebody works on."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from task_meeting.api.dependencies import NoParameters, Session
from task_meeting.queries import directory as queries
from task_meeting.schemas import directory as schemas
from task_meeting.service import directory

router = APIRouter(prefix="/projects", tags=["projects"])


@router.get("/")
async def list_projects(
    session: Session, query: Annotated[schemas.ProjectQuery, Query()]
) -> schemas.ProjectPage:
    """Projects with at least one active assignment."""
    total, projects = await queries.list_projects(session, query)
    return schemas.ProjectPage(total=total, page=query.page, size=query.size, projects=projects)


@router.get("/{project_oid}/")
async def get_project(session: Session, project_oid: UUID, _query: NoParameters) -> schemas.ProjectDetail:
    """A project with its teams."""
    return await directory.project_detail(session, project_oid)
