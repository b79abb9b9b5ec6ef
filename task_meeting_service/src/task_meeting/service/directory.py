"""Answers that are put together from several queries of one transaction.

`seen_by` is who asks, and None for who sees everything: what others may not know of is not found.
"""

from uuid import UUID

from service_kit.db import ReadSession
from service_kit.http import NotFound, PageQuery
from task_meeting.queries import directory as queries
from task_meeting.schemas import directory as schemas

# What an answer holds inside another one: as much as the largest page; the rest has pages of its own.
_FIRST = PageQuery(size=200)


async def user_detail(session: ReadSession, user_oid: UUID, seen_by: UUID | None) -> schemas.UserDetail:
    """A person with their assignments. Raises `NotFound`."""
    user = await queries.find_user(session, user_oid, seen_by)
    if user is None:
        raise NotFound("user")
    total, assignments = await queries.list_assignments(session, user_oid, _FIRST, seen_by)
    return schemas.UserDetail(**dict(user), assignments=assignments, assignments_total=total)


async def user_assignments(
    session: ReadSession, user_oid: UUID, page: PageQuery, seen_by: UUID | None
) -> schemas.AssignmentPage:
    """A page of a person's assignments. Raises `NotFound`."""
    if await queries.find_user(session, user_oid, seen_by) is None:
        raise NotFound("user")
    total, assignments = await queries.list_assignments(session, user_oid, page, seen_by)
    return schemas.AssignmentPage(total=total, page=page.page, size=page.size, assignments=assignments)


async def project_detail(
    session: ReadSession, project_oid: UUID, seen_by: UUID | None
) -> schemas.ProjectDetail:
    """A project with its teams. Raises `NotFound`."""
    project = await queries.find_project(session, project_oid, seen_by)
    if project is None:
        raise NotFound("project")
    query = schemas.TeamQuery(size=_FIRST.size, project_oid=project_oid)
    total, teams = await queries.list_teams(session, query, seen_by)
    return schemas.ProjectDetail(**dict(project), teams=teams, teams_total=total)


async def team_detail(session: ReadSession, team_oid: UUID, seen_by: UUID | None) -> schemas.TeamDetail:
    """A team with its members. Raises `NotFound`."""
    found = await queries.find_team(session, team_oid, seen_by)
    if found is None:
        raise NotFound("team")
    team, project_name = found
    total, members = await queries.list_members(session, team_oid, _FIRST)
    return schemas.TeamDetail(**dict(team), project_name=project_name, members=members, members_total=total)


async def assignment_trace(session: ReadSession, assignment_id: int, seen_by: UUID | None) -> schemas.Trace:
    """When each step of an assignment's present state happened. Raises `NotFound`."""
    trace = await queries.find_trace(session, assignment_id, seen_by)
    if trace is None:
        raise NotFound("assignment")
    return trace
