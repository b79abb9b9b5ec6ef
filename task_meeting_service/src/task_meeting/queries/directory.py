"""People, projects, teams and traces.

`seen_by` is the person who asks: they see the projects in which they have an active assignment, and of
people and teams what is in these projects. None sees everything.
"""

from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import CTE, ColumnElement, FromClause, Select, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from service_kit.db import ReadSession
from service_kit.http import PageQuery
from task_meeting.models import Assignment, Person, Project, Team
from task_meeting.schemas import directory as schemas

M = TypeVar("M", bound=BaseModel)
_AnySelect = Select[*tuple[Any, ...]]

_PERSON = (Person.oid, Person.name, Person.email, Person.role)
_USER = (*_PERSON, Person.locale, Person.time_zone)
_PROJECT = (Project.oid, Project.name)
_TEAM = (Team.oid, Team.name, Team.project_oid)
_ASSIGNMENT = (
    Assignment.id,
    Assignment.user_oid,
    Assignment.project_oid,
    Assignment.project_name,
    Assignment.team_oid,
    Assignment.team_name,
    Assignment.application_url,
    Assignment.created_at,
)


async def list_users(
    session: ReadSession, query: schemas.UserQuery, seen_by: UUID | None
) -> tuple[int, list[schemas.User]]:
    """How many people match, and those of the page."""
    place = [*_place(query), *_own(Assignment.project_oid, seen_by)]
    statement = select(*_USER).where(_active(Assignment.user_oid == Person.oid, *place))
    if query.role is not None:
        statement = statement.where(Person.role == query.role)
    if query.search is not None:
        statement = statement.where(Person.search.op("@@")(func.search_query(query.search)))
    found = statement.subquery() if not place and query.search is None else _found_first(statement)
    return await _page(session, schemas.User, _sorted(found, query.sort), query)


async def find_user(session: ReadSession, user_oid: UUID, seen_by: UUID | None) -> schemas.User | None:
    """A person who has an active assignment."""
    assigned = _active(Assignment.user_oid == user_oid, *_own(Assignment.project_oid, seen_by))
    return await _one(session, schemas.User, select(*_USER).where(Person.oid == user_oid, assigned))


async def list_assignments(
    session: ReadSession, user_oid: UUID, page: PageQuery, seen_by: UUID | None
) -> tuple[int, list[schemas.Assignment]]:
    """A person's active assignments, the oldest first."""
    statement = select(*_ASSIGNMENT).where(
        Assignment.user_oid == user_oid, ~Assignment.deleted, *_own(Assignment.project_oid, seen_by)
    )
    return await _page(session, schemas.Assignment, statement.order_by(Assignment.id), page)


async def list_projects(
    session: ReadSession, query: schemas.ProjectQuery, seen_by: UUID | None
) -> tuple[int, list[schemas.Project]]:
    """How many projects there are, and those of the page."""
    statement = select(*_PROJECT).where(
        _active(Assignment.project_oid == Project.oid), *_own(Project.oid, seen_by)
    )
    found = statement.subquery() if seen_by is None else _found_first(statement)
    return await _page(session, schemas.Project, _sorted(found, query.sort), query)


async def find_project(
    session: ReadSession, project_oid: UUID, seen_by: UUID | None
) -> schemas.Project | None:
    """A project that has an active assignment."""
    statement = select(*_PROJECT).where(
        Project.oid == project_oid,
        _active(Assignment.project_oid == project_oid),
        *_own(Project.oid, seen_by),
    )
    return await _one(session, schemas.Project, statement)


async def list_teams(
    session: ReadSession, query: schemas.TeamQuery, seen_by: UUID | None
) -> tuple[int, list[schemas.Team]]:
    """How many teams match, and those of the page."""
    own = _own(Team.project_oid, seen_by)
    statement = select(*_TEAM).where(_active(Assignment.team_oid == Team.oid), *own)
    if query.project_oid is not None:
        statement = statement.where(Team.project_oid == query.project_oid)
    found = _found_first(statement) if own else statement.subquery()
    return await _page(session, schemas.Team, _sorted(found, query.sort), query)


async def find_team(
    session: ReadSession, team_oid: UUID, seen_by: UUID | None
) -> tuple[schemas.Team, str] | None:
    """A team that has an active assignment, and its project's name."""
    statement = (
        select(*_TEAM, Project.name.label("project_name"))
        .join(Project, Project.oid == Team.project_oid)
        .where(
            Team.oid == team_oid, _active(Assignment.team_oid == team_oid), *_own(Team.project_oid, seen_by)
        )
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    return None if row is None else (schemas.Team.model_validate(row), row["project_name"])


async def list_members(
    session: ReadSession, team_oid: UUID, page: PageQuery
) -> tuple[int, list[schemas.Member]]:
    """The people of a team, by name."""
    statement = (
        select(Assignment.id.label("assignment_id"), *_PERSON)
        .join(Person, Person.oid == Assignment.user_oid)
        .where(Assignment.team_oid == team_oid, ~Assignment.deleted)
        .order_by(func.lower(Person.name), Person.oid)
    )
    return await _page(session, schemas.Member, statement, page)


async def find_trace(session: ReadSession, assignment_id: int, seen_by: UUID | None) -> schemas.Trace | None:
    """When the steps of an assignment's present state happened, also when that state is its end."""
    statement = select(
        Assignment.id.label("assignment_id"),
        Assignment.deleted,
        Assignment.committed_at,
        Assignment.captured_at,
        Assignment.published_at,
        Assignment.applied_at,
    ).where(Assignment.id == assignment_id, *_own(Assignment.project_oid, seen_by))
    return await _one(session, schemas.Trace, statement)


def _active(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """That there is an active assignment of which all conditions hold."""
    return exists().where(~Assignment.deleted, *conditions)


def _place(query: schemas.UserQuery) -> list[ColumnElement[bool]]:
    wanted = {Assignment.project_oid: query.project_oid, Assignment.team_oid: query.team_oid}
    return [column == oid for column, oid in wanted.items() if oid is not None]


def _own(project_oid: InstrumentedAttribute[UUID], seen_by: UUID | None) -> list[ColumnElement[bool]]:
    """That the project is one of those of the person who asks; no condition for who sees everything."""
    if seen_by is None:
        return []
    mine = aliased(Assignment)
    return [project_oid.in_(select(mine.project_oid).where(mine.user_oid == seen_by, ~mine.deleted))]


def _found_first(statement: _AnySelect) -> CTE:
    """Keep the planner from walking the order's index in the hope to meet the few matches early."""
    return statement.cte("found").prefix_with("MATERIALIZED")


def _sorted(found: FromClause, sort: str) -> _AnySelect:
    """By a text without regard to case; the id makes the order total, so that pages do not overlap."""
    keys = (func.lower(found.c[sort.removeprefix("-")]), found.c.oid)
    return select(found).order_by(*(key.desc() for key in keys) if sort.startswith("-") else keys)


async def _page(
    session: ReadSession, model: type[M], statement: _AnySelect, page: PageQuery
) -> tuple[int, list[M]]:
    result = await session.execute(statement.limit(page.size).offset(page.offset))
    rows = [model.model_validate(row) for row in result.mappings()]
    if 0 < len(rows) < page.size:
        # The last page tells the total by itself.
        return page.offset + len(rows), rows
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    return (await session.execute(counted)).scalar_one(), rows


async def _one(session: ReadSession, model: type[M], statement: _AnySelect) -> M | None:
    row = (await session.execute(statement)).mappings().one_or_none()
    return None if row is None else model.model_validate(row)
