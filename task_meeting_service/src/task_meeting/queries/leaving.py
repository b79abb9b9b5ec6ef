"""The open tasks of those who left a project."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from service_kit.db import ReadSession, WriteSession
from task_meeting.models import ProjectSettings, Task
from task_meeting.queries.membership import Leaver

_LEFT = text("""
    SELECT t.*
    FROM unnest(CAST(:users AS uuid[]), CAST(:projects AS uuid[])) AS gone(user_oid, project_oid)
    JOIN task AS t ON t.assignee_oid = gone.user_oid AND t.project_oid = gone.project_oid AND t.open
    WHERE NOT EXISTS (
        SELECT FROM assignment AS a
        WHERE a.user_oid = gone.user_oid AND a.project_oid = gone.project_oid AND NOT a.deleted
    )
    ORDER BY t.id LIMIT :limit FOR UPDATE OF t
""")


async def lock_left_tasks(session: WriteSession, leavers: Collection[Leaver], limit: int) -> Sequence[Task]:
    """Some of the open tasks of those who are no longer in the project, for us alone."""
    parameters = {
        "users": [it.user_oid for it in leavers],
        "projects": [it.project_oid for it in leavers],
        "limit": limit,
    }
    return (await session.scalars(select(Task).from_statement(_LEFT), parameters)).all()


async def list_on_leave(session: ReadSession, project_oids: Collection[UUID]) -> dict[UUID, Any]:
    """What those projects that have settings of their own do with the tasks of people who leave."""
    statement = select(ProjectSettings.project_oid, ProjectSettings.on_leave)
    rows = await session.execute(statement.where(ProjectSettings.project_oid.in_(project_oids)))
    return {project_oid: on_leave for project_oid, on_leave in rows}  # noqa: C416 - rows are no pairs
