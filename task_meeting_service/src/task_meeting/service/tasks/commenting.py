"""Comments: everybody who sees a task and may write comments on it; everybody edits their own."""

from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

from service_kit import outbox
from service_kit.db import ReadSession, WriteSession
from service_kit.http import NotFound, Problem
from service_kit.http.etag import Match
from task_meeting.events import task_event
from task_meeting.models import TaskComment
from task_meeting.queries import tasks as queries
from task_meeting.queries.tasks import TaskKey
from task_meeting.service.access import Access
from task_meeting.service.tasks.changing import told
from task_meeting.service.tasks.editing import show_task


async def show_comment(session: ReadSession, access: Access, key: TaskKey, comment_oid: UUID) -> TaskComment:
    """A comment on a task that is seen. Raises `NotFound`."""
    task = await show_task(session, access, key)
    comment = await queries.find_comment(session, task.id, comment_oid)
    if comment is None:
        raise NotFound("comment")
    return comment


async def add_comment(session: WriteSession, access: Access, key: TaskKey, body: str) -> TaskComment:
    """Say something of a task; the event names the comment and does not quote it. Raises `NotFound`."""
    seen = await show_task(session, access, key)
    # Nobody changes or deletes it until the event is committed, which would tell what is no longer so.
    task = await queries.lock_task(session, seen.oid, shared=True)
    if task is None:
        raise NotFound("task")
    comment = TaskComment(task_id=task.id, author_oid=access.oid, body=body, version=1)
    session.add(comment)
    await session.flush()
    data = {
        **told(task),
        "before": {},
        "actor_oid": str(access.oid),
        "choice": None,
        "comment": {"oid": str(comment.oid), "author_oid": str(access.oid)},
    }
    await outbox.emit(session, [task_event("task.commented.v1", task.oid, data)])
    return comment


async def edit_comment(
    session: WriteSession, access: Access, key: TaskKey, comment_oid: UUID, *, match: Match, body: str
) -> TaskComment:
    """Say it otherwise. Raises `NotFound`; `Problem` 403 for somebody else's, 412 for another version."""
    comment = await _lock_own(session, access, key, comment_oid, match)
    if comment.body != body:
        comment.body = body
        comment.version += 1
        comment.updated_at = datetime.now(UTC)
        await session.flush()
    return comment


async def delete_comment(
    session: WriteSession, access: Access, key: TaskKey, comment_oid: UUID, match: Match
) -> None:
    """Take it back. Raises what `edit_comment` raises."""
    await session.delete(await _lock_own(session, access, key, comment_oid, match))
    await session.flush()


async def _lock_own(
    session: WriteSession, access: Access, key: TaskKey, comment_oid: UUID, match: Match
) -> TaskComment:
    task = await show_task(session, access, key)
    comment = await queries.lock_comment(session, task.id, comment_oid)
    if comment is None:
        raise NotFound("comment")
    if comment.author_oid != access.oid:
        raise Problem(HTTPStatus.FORBIDDEN, "Only its author changes a comment.")
    match.check(comment.version)
    return comment
