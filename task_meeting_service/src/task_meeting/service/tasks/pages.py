"""What belongs to one task, a page at a time, the oldest first."""

from uuid import UUID

from service_kit.db import ReadSession
from service_kit.http.cursor import decode_cursor, encode_cursor
from task_meeting.queries import tasks as queries
from task_meeting.queries.tasks import TaskKey
from task_meeting.schemas import comments, tasks
from task_meeting.schemas.task_lists import PartQuery
from task_meeting.service.access import Access
from task_meeting.service.tasks.editing import show_task


async def show_history(session: ReadSession, access: Access, key: TaskKey, part: PartQuery) -> tasks.History:
    """The changes of a task that is seen. Raises `NotFound`, and `CursorError`."""
    task = await show_task(session, access, key)
    context = ("history", task.oid)
    rows = await queries.list_changes(session, task.oid, _after(part, context), part.size + 1)
    shown = rows[: part.size]
    return tasks.History(
        changes=[tasks.TaskChange.model_validate(row) for row in shown],
        size=part.size,
        next_cursor=encode_cursor((shown[-1].version,), context) if len(rows) > part.size else None,
    )


async def show_comments(
    session: ReadSession, access: Access, key: TaskKey, part: PartQuery
) -> comments.Comments:
    """The comments of a task that is seen. Raises `NotFound`, and `CursorError`."""
    task = await show_task(session, access, key)
    context = ("comments", task.oid)
    rows = await queries.list_comments(session, task.id, _after(part, context), part.size + 1)
    shown = rows[: part.size]
    return comments.Comments(
        comments=[comments.Comment.model_validate(row) for row in shown],
        size=part.size,
        next_cursor=encode_cursor((shown[-1].id,), context) if len(rows) > part.size else None,
    )


def _after(part: PartQuery, context: tuple[str, UUID]) -> int:
    if part.cursor is None:
        return 0
    (number,) = decode_cursor(part.cursor, context, tuple[int])
    return number
