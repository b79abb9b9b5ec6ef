"""Tasks that meetings decided on."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, select

from service_kit.db import ReadSession, WriteSession
from task_meeting.models import MeetingAction, Task
from task_meeting.schemas.meetings import ActionItem


async def add_action(session: WriteSession, meeting_id: int, task_oid: UUID) -> None:
    """Remember that a meeting decided on a task."""
    await session.execute(insert(MeetingAction).values(meeting_id=meeting_id, task_oid=task_oid))


async def list_actions(
    session: ReadSession, meeting_id: int, projects: Sequence[UUID] | None
) -> list[ActionItem]:
    """The tasks that a meeting decided on and that are still there, the oldest first.

    Only those of `projects`; None for all.
    """
    statement = (
        select(Task.oid, Task.title, Task.status, Task.open)
        .join(MeetingAction, MeetingAction.task_oid == Task.oid)
        .where(MeetingAction.meeting_id == meeting_id)
        .order_by(Task.id)
    )
    if projects is not None:
        statement = statement.where(Task.project_oid.in_(projects))
    rows = await session.execute(statement)
    return [
        ActionItem(task_oid=oid, title=title, status=status, open=is_open)
        for oid, title, status, is_open in rows
    ]
