"""What an import asks about all of its rows at once."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select

from service_kit.db import ReadSession, WriteSession
from task_meeting.models import Assignment, Task, Team


async def find_tasks(session: ReadSession, oids: Collection[UUID]) -> Mapping[UUID, Task]:
    """The tasks by their oids."""
    return {task.oid: task for task in await session.scalars(select(Task).where(Task.oid.in_(oids)))}


async def lock_tasks(session: WriteSession, oids: Collection[UUID]) -> Mapping[UUID, Task]:
    """The tasks by their oids, as they are now; others wait with them until the transaction ends."""
    # One order for all: two imports cannot wait for each other.
    statement = select(Task).where(Task.oid.in_(oids)).order_by(Task.id).with_for_update()
    # They were read, without the lock, earlier in the transaction.
    tasks = await session.scalars(statement, execution_options={"populate_existing": True})
    return {task.oid: task for task in tasks}


async def seen_projects(
    session: ReadSession, oids: Collection[UUID], seen_by: UUID | None
) -> frozenset[UUID]:
    """Those of the projects with an active assignment: of the person who asks, or for None, of anybody."""
    statement = select(Assignment.project_oid).where(Assignment.project_oid.in_(oids), ~Assignment.deleted)
    if seen_by is not None:
        statement = statement.where(Assignment.user_oid == seen_by)
    return frozenset(await session.scalars(statement.distinct()))


async def projects_of_teams(session: ReadSession, oids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """The project of each team."""
    statement = select(Team.oid, Team.project_oid).where(Team.oid.in_(oids))
    return {row.oid: row.project_oid for row in await session.execute(statement)}
