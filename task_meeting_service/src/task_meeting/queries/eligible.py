"""Who may get tasks: people with an active assignment whose role is employee (S3: no managers, no admins)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, text

from service_kit.db import ReadSession, WriteSession
from task_meeting.models import ProjectSettings

# S0's word and ours.
ROLES = ["user", "employee"]

_ELIGIBLE = text("""
    SELECT s.number, array_agg(DISTINCT a.user_oid)
    FROM unnest(CAST(:projects AS uuid[]), CAST(:teams AS uuid[])) WITH ORDINALITY AS s(project, team, number)
    JOIN assignment AS a
        ON a.project_oid = s.project AND NOT a.deleted AND (s.team IS NULL OR a.team_oid = s.team)
    JOIN person AS p ON p.oid = a.user_oid AND p.role = ANY(CAST(:roles AS text[]))
    GROUP BY s.number
""")
_HOLD = text("""
    SELECT a.project_oid, w.team_oid, a.user_oid
    FROM unnest(CAST(:projects AS uuid[]), CAST(:teams AS uuid[]), CAST(:users AS uuid[]))
        AS w(project_oid, team_oid, user_oid)
    JOIN assignment AS a ON a.user_oid = w.user_oid AND a.project_oid = w.project_oid AND NOT a.deleted
        AND (w.team_oid IS NULL OR a.team_oid = w.team_oid)
    ORDER BY a.id
    FOR SHARE OF a
""")
_LOADS = text("""
    SELECT assignee_oid, count(*) FROM task
    WHERE assignee_oid = ANY(CAST(:people AS uuid[])) AND open
    GROUP BY assignee_oid
""")
# Locked until the transaction ends, so that nobody else chooses from the same place meanwhile.
_ROTATE = text("""
    INSERT INTO rotation AS r (scope_oid)
    SELECT unnest(CAST(:scopes AS uuid[]))
    ON CONFLICT (scope_oid) DO UPDATE SET last_oid = r.last_oid
    RETURNING scope_oid, last_oid
""")
_ROTATED = text("""
    UPDATE rotation AS r SET last_oid = u.last_oid
    FROM unnest(CAST(:scopes AS uuid[]), CAST(:last AS uuid[])) AS u(scope_oid, last_oid)
    WHERE r.scope_oid = u.scope_oid
""")


class Scope(NamedTuple):
    """Where a task belongs, and so who may get it: a project, and perhaps one of its teams."""

    project_oid: UUID
    team_oid: UUID | None

    @property
    def oid(self) -> UUID:
        """The team, or the project for its tasks without a team."""
        return self.team_oid or self.project_oid


class Place(NamedTuple):
    """A person in a scope."""

    project_oid: UUID
    team_oid: UUID | None
    user_oid: UUID


async def list_eligible(session: ReadSession, scopes: Sequence[Scope]) -> dict[Scope, list[UUID]]:
    """The eligible people of each scope, sorted; a scope without any is missing."""
    rows = await session.execute(
        _ELIGIBLE,
        {
            "projects": [scope.project_oid for scope in scopes],
            "teams": [scope.team_oid for scope in scopes],
            "roles": ROLES,
        },
    )
    return {scopes[number - 1]: sorted(people) for number, people in rows}


async def list_strategies(session: ReadSession, project_oids: Collection[UUID]) -> dict[UUID, Any]:
    """The strategies of those projects that have settings of their own."""
    statement = select(ProjectSettings.project_oid, ProjectSettings.strategy)
    rows = await session.execute(statement.where(ProjectSettings.project_oid.in_(project_oids)))
    return {project_oid: strategy for project_oid, strategy in rows}  # noqa: C416 - rows are no pairs


async def hold(session: WriteSession, places: Collection[Place]) -> set[Place]:
    """Keep people where they are until the transaction ends, and say which of them are there.

    Whoever takes one of them out meanwhile waits for this transaction, and then finds what it gave them.
    """
    parameters = {
        "projects": [place.project_oid for place in places],
        "teams": [place.team_oid for place in places],
        "users": [place.user_oid for place in places],
    }
    return {Place(*row) for row in await session.execute(_HOLD, parameters)}


async def count_open_tasks(session: ReadSession, people: Collection[UUID]) -> dict[UUID, int]:
    """How many open tasks each of the people has, in all projects."""
    rows = await session.execute(_LOADS, {"people": list(people)})
    return dict.fromkeys(people, 0) | {person: count for person, count in rows}  # noqa: C416 - rows are no pairs


async def lock_rotations(session: WriteSession, scopes: Collection[Scope]) -> dict[Scope, UUID | None]:
    """Whom round robin chose last in each scope; others who want to know wait for this transaction."""
    rows = await session.execute(_ROTATE, {"scopes": sorted(scope.oid for scope in scopes)})
    last = dict(map(tuple, rows))
    return {scope: last[scope.oid] for scope in scopes}


async def move_rotations(session: WriteSession, last: Mapping[Scope, UUID | None]) -> None:
    """Remember whom round robin chose last in each scope."""
    parameters = {"scopes": [scope.oid for scope in last], "last": list(last.values())}
    await session.execute(_ROTATED, parameters)
