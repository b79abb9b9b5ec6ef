"""People: who works on something at present."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from service_kit.http import PageQuery
from service_kit.http.answers import TAGGED
from service_kit.http.etag import IfMatch, etag
from task_meeting.api.dependencies import NoParameters, ReadsDirectory, Session, Writing
from task_meeting.queries import directory as queries
from task_meeting.schemas import directory as schemas
from task_meeting.schemas.profiles import ProfileInput, UserWithProfile
from task_meeting.service import directory, profiles

router = APIRouter(prefix="/users", tags=["users"])


@router.get("/", summary="Find people")
async def list_users(
    session: Session, access: ReadsDirectory, query: Annotated[schemas.UserQuery, Query()]
) -> schemas.UserPage:
    """The people with whom the caller shares a project; with `projects.all`, everybody with an assignment."""
    total, users = await queries.list_users(session, query, access.seen_by)
    return schemas.UserPage(total=total, page=query.page, size=query.size, users=users)


@router.get("/{user_oid}/", summary="Show a person with their profile", responses=TAGGED)
async def get_user(
    session: Session, access: ReadsDirectory, user_oid: UUID, response: Response, _query: NoParameters
) -> UserWithProfile:
    """A person, their assignments in the caller's projects, and what they say of themselves."""
    user, version = await profiles.read(session, user_oid, access)
    response.headers["ETag"] = etag(version)
    return user


@router.put("/{user_oid}/", summary="Replace a person's profile", responses=TAGGED)
async def put_user(
    *,
    session: Writing,
    access: ReadsDirectory,
    user_oid: UUID,
    if_match: IfMatch,
    response: Response,
    body: ProfileInput,
    _query: NoParameters,
) -> UserWithProfile:
    """Replace working hours, skills, about and avatar: one's own, or with `profiles.manage` anybody's.

    The other fields belong to the administration. They may be sent back as they were got; a change of them
    is 422.
    """
    user, version = await profiles.change(session, access, user_oid, body, if_match)
    response.headers["ETag"] = etag(version)
    return user


@router.get("/{user_oid}/assignments/", summary="List a person's assignments")
async def list_assignments(
    session: Session, access: ReadsDirectory, user_oid: UUID, query: Annotated[PageQuery, Query()]
) -> schemas.AssignmentPage:
    """A person's active assignments in the projects that the caller may see, the oldest first."""
    return await directory.user_assignments(session, user_oid, query, access.seen_by)
