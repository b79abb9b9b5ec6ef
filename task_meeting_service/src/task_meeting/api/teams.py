"""Teams that somebody is in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from task_meeting.api.dependencies import NoParameters, Session
from task_meeting.queries import directory as queries
from task_meeting.schemas import directory as schemas
from task_meeting.service import directory

router = APIRouter(prefix="/teams", tags=["teams"])


@router.get("/")
async def list_teams(session: Session, query: Annotated[schemas.TeamQuery, Query()]) -> schemas.TeamPage:
    """Teams with at least one active assignment."""
    total, teams = await queries.list_teams(session, query)
    return schemas.TeamPage(total=total, page=query.page, size=query.size, teams=teams)


@router.get("/{team_oid}/")
async def get_team(session: Session, team_oid: UUID, _query: NoParameters) -> schemas.TeamDetail:
    """A team with its members."""
    return await directory.team_detail(session, team_oid)
