"""Single tasks, their comments and their history."""

from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, func, literal, select

from service_kit.db import ReadSession, WriteSession
from task_meeting.models import Task, TaskChange, TaskComment

# How a path names a task: by its oid or its number.
TaskKey = UUID | int


async def find_task(session: ReadSession, key: TaskKey) -> Task | None:
    """The task, if there is one."""
    return (await session.scalars(select(Task).where(_named(key)))).one_or_none()


async def lock_task(session: WriteSession, key: TaskKey, *, shared: bool = False) -> Task | None:
    """The task as it is now; others that want to change it wait until the transaction ends.

    With `shared`, those who lock it so as well do not wait.
    """
    statement = select(Task).where(_named(key)).with_for_update(read=shared)
    # It may have been read, without the lock, earlier in the transaction.
    return (await session.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def new_oids(session: WriteSession, count: int) -> list[UUID]:
    """Oids for new rows, ordered by time: neighbours in time are neighbours in the index."""
    return list(await session.scalars(select(func.uuidv7()).select_from(func.generate_series(1, count))))


async def list_changes(
    session: ReadSession, task_oid: UUID, after_version: int, limit: int
) -> list[TaskChange]:
    """The task's changes after a version, the oldest first."""
    # As wide as what a cursor may claim.
    after = literal(after_version, BigInteger)
    statement = (
        select(TaskChange)
        .where(TaskChange.task_oid == task_oid, TaskChange.version > after)
        .order_by(TaskChange.version)
        .limit(limit)
    )
    return list((await session.scalars(statement)).all())


async def list_comments(session: ReadSession, task_id: int, after_id: int, limit: int) -> list[TaskComment]:
    """The task's comments after one of them, the oldest first."""
    statement = (
        select(TaskComment)
        .where(TaskComment.task_id == task_id, TaskComment.id > after_id)
        .order_by(TaskComment.id)
        .limit(limit)
    )
    return list((await session.scalars(statement)).all())


async def find_comment(session: ReadSession, task_id: int, comment_oid: UUID) -> TaskComment | None:
    """The task's comment, if it has it."""
    return (await session.scalars(_comment(task_id, comment_oid))).one_or_none()


async def lock_comment(session: WriteSession, task_id: int, comment_oid: UUID) -> TaskComment | None:
    """The task's comment; others that want to change it wait until the transaction ends."""
    statement = _comment(task_id, comment_oid).with_for_update()
    return (await session.scalars(statement)).one_or_none()


def _comment(task_id: int, comment_oid: UUID) -> Select[TaskComment]:
    return select(TaskComment).where(TaskComment.oid == comment_oid, TaskComment.task_id == task_id)


def _named(key: TaskKey) -> ColumnElement[bool]:
    return Task.oid == key if isinstance(key, UUID) else Task.id == key
