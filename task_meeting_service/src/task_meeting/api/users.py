"""People: who works on something at present."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from service_kit.http import PageQuery
from task_meeting.api.dependencies import NoParameters, Session
from task_meeting.api.viewer import SeenBy
from task_meeting.queries import directory as queries
from task_meeting.schemas import directory as schemas
from task_meeting.service import directory

router = APIRouter(prefix="/users", tags=["users"])


@router.get("/", summary="Find people")
async def list_users(
    session: Session, seen_by: SeenBy, query: Annotated[schemas.UserQuery, Query()]
) -> schemas.UserPage:
    """The people with whom the caller shares a project; with `projects.all`, everybody with an assignment."""
    total, users = await queries.list_users(session, query, seen_by)
    return schemas.UserPage(total=total, page=query.page, size=query.size, users=users)


@router.get("/{user_oid}/", summary="Show a person")
async def get_user(
    session: Session, seen_by: SeenBy, user_oid: UUID, _query: NoParameters
) -> schemas.UserDetail:
    """A person with their assignments and the links to their onboarding requests."""
    return await directory.user_detail(session, user_oid, seen_by)


@router.get("/{user_oid}/assignments/", summary="List a person's assignments")
async def list_assignments(
    session: Session, seen_by: SeenBy, user_oid: UUID, query: Annotated[PageQuery, Query()]
) -> schemas.AssignmentPage:
    """A person's active assignments in the projects that the caller may see, the oldest first."""
    return await directory.user_assignments(session, user_oid, query, seen_by)
