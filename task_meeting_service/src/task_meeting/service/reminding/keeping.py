"""Keeping true when tasks are looked at for reminders, in the transaction that changes them."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from service_kit.db import WriteSession
from task_meeting.models import Task
from task_meeting.queries import reminders as queries
from task_meeting.service.reminding.planning import DAY, first_look


class Ground(NamedTuple):
    """What reminders of a task stand on."""

    assignee_oid: UUID
    deadline: datetime


def ground(task: Task) -> Ground | None:
    """None: nobody is to be reminded of the task."""
    if not task.open or task.assignee_oid is None or task.deadline is None:
        return None
    return Ground(task.assignee_oid, task.deadline)


async def keep_plans(
    session: WriteSession, changed: Iterable[tuple[Task, Ground | None]], now: datetime
) -> None:
    """Plan anew for tasks whose ground is another than it was before the change: at most two statements."""
    differing = {task.id: after for task, before in changed if (after := ground(task)) != before}
    await queries.plan(
        session,
        {task_id: first_look(it.deadline, now) for task_id, it in differing.items() if it is not None},
    )
    await queries.forget(session, [task_id for task_id, it in differing.items() if it is None])


async def keep_project_plans(session: WriteSession, project_oid: UUID, now: datetime) -> None:
    """Plan for all tasks of a project, by whose new workflow others are open than before."""
    await queries.plan_project(session, project_oid, DAY, now)
