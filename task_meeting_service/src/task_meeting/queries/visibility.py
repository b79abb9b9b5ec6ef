"""What one sees: a project is seen by those who have an active assignment in it.

`seen_by` is the person who asks; None sees everything.
"""

from uuid import UUID

from sqlalchemy import exists, select

from service_kit.db import ReadSession
from task_meeting.models import Assignment, Team


async def projects_of(session: ReadSession, user_oid: UUID) -> list[UUID]:
    """The projects in which somebody has an active assignment."""
    statement = (
        select(Assignment.project_oid).where(Assignment.user_oid == user_oid, ~Assignment.deleted).distinct()
    )
    return sorted((await session.scalars(statement)).all())


async def project_is_seen(session: ReadSession, seen_by: UUID | None, project_oid: UUID) -> bool:
    """Whether the project has an active assignment: of the person who asks, or for None, of anybody."""
    conditions = [Assignment.project_oid == project_oid, ~Assignment.deleted]
    if seen_by is not None:
        conditions.append(Assignment.user_oid == seen_by)
    return bool(await session.scalar(select(exists().where(*conditions))))


async def team_is_in_project(session: ReadSession, team_oid: UUID, project_oid: UUID) -> bool:
    """Whether the team belongs to the project."""
    belongs = exists().where(Team.oid == team_oid, Team.project_oid == project_oid)
    return bool(await session.scalar(select(belongs)))
