"""How projects work with their tasks."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select, update

from service_kit.db import ReadSession, WriteSession
from task_meeting.models import ProjectSettings, Task


async def find_settings(session: ReadSession, project_oid: UUID) -> ProjectSettings | None:
    """The project's own settings."""
    return await session.get(ProjectSettings, project_oid)


async def hold_settings(session: WriteSession, project_oid: UUID) -> None:
    """Keep the settings as they are until the transaction ends: a status is about to be given by them."""
    # A lock of its own: a project without settings has no row that could be locked.
    await session.execute(select(func.pg_advisory_xact_lock_shared(*_lock(project_oid))))


async def lock_settings(session: WriteSession, project_oid: UUID) -> None:
    """Wait for those who hold the settings, and let others wait until the transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(*_lock(project_oid))))


async def statuses_in_use(session: ReadSession, project_oid: UUID, without: Collection[str]) -> list[str]:
    """The statuses, but for some, that tasks of the project have at present."""
    statement = (
        select(Task.status)
        .where(Task.project_oid == project_oid, Task.status.not_in(without))
        .distinct()
        .order_by(Task.status)
    )
    return list((await session.scalars(statement)).all())


async def list_assignees_to_reopen(
    session: ReadSession, project_oid: UUID, final: Collection[str]
) -> Collection[UUID]:
    """To whom the closed tasks are assigned whose status is not final."""
    statement = select(Task.assignee_oid).where(
        Task.project_oid == project_oid, ~Task.open, Task.status.not_in(final), Task.assignee_oid.is_not(None)
    )
    return {oid for oid in await session.scalars(statement.distinct()) if oid is not None}


async def close_by_status(session: WriteSession, project_oid: UUID, final: Collection[str]) -> None:
    """Let those tasks of the project be open whose status is not final."""
    is_open = Task.status.not_in(final)
    await session.execute(
        update(Task)
        .where(Task.project_oid == project_oid, Task.open != is_open)
        .values(open=is_open)
        .execution_options(synchronize_session=False)
    )


def _lock(project_oid: UUID) -> tuple[object, ...]:
    return (func.hashtextextended(f"project_settings {project_oid}", 0),)
