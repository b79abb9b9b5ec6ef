"""Teams that somebody is in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from task_meeting.api.dependencies import NoParameters, ReadsDirectory, Session
from task_meeting.queries import directory as queries
from task_meeting.schemas import directory as schemas
from task_meeting.service import directory

router = APIRouter(prefix="/teams", tags=["teams"])


@router.get("/", summary="Find teams")
async def list_teams(
    session: Session, access: ReadsDirectory, query: Annotated[schemas.TeamQuery, Query()]
) -> schemas.TeamPage:
    """Teams of the caller's projects that somebody is in."""
    total, teams = await queries.list_teams(session, query, access.seen_by)
    return schemas.TeamPage(total=total, page=query.page, size=query.size, teams=teams)


@router.get("/{team_oid}/", summary="Show a team with its members")
async def get_team(
    session: Session, access: ReadsDirectory, team_oid: UUID, _query: NoParameters
) -> schemas.TeamDetail:
    """A team of one of the caller's projects, with its members."""
    return await directory.team_detail(session, team_oid, access.seen_by)
