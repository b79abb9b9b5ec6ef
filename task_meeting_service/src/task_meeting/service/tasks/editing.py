"""Creating, showing, changing and deleting one task."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from service_kit.db import ReadSession, WriteSession
from service_kit.http import NotFound
from service_kit.http.etag import Match
from task_meeting.models import Task
from task_meeting.queries import tasks as queries
from task_meeting.queries.tasks import TaskKey
from task_meeting.schemas import tasks as schemas
from task_meeting.schemas.project_settings import Workflow
from task_meeting.service.access import Access
from task_meeting.service.assigning import choose
from task_meeting.service.choosing import Choice
from task_meeting.service.tasks import changing
from task_meeting.service.tasks.changing import Change, Creation
from task_meeting.service.tasks.fields import (
    assignee_is_there,
    columns,
    moved,
    no_team,
    nobody,
    team_is_there,
)
from task_meeting.service.tasks.settings import workflow_of


async def show_task(session: ReadSession, access: Access, key: TaskKey) -> Task:
    """A task that is seen. Raises `NotFound`."""
    return await access.check_sees(session, await queries.find_task(session, key))


async def create_task(session: WriteSession, access: Access, new: schemas.NewTask) -> Task:
    """Create a task, for the assignee that is asked for or for one that the project's strategy chooses.

    Raises:
        NotFound: the project is not seen.
        InvalidValueError: the team or the assignee is not in the project.
        Problem: 409 when nobody can be chosen.
    """
    await access.check_project(session, new.project_oid)
    if not await team_is_there(session, new.team_oid, new.project_oid):
        raise no_team()
    values = columns(new.model_dump())
    workflow = await workflow_of(session, new.project_oid)
    now = datetime.now(UTC)
    (oid,) = await queries.new_oids(session, 1)
    task = Task(
        **values,
        oid=oid,
        reporter_oid=access.oid,
        status=workflow.initial,
        open=True,
        version=1,
        created_at=now,
        updated_at=now,
        completed_at=None,
    )
    choice = await _assign(session, task, new)
    await changing.create(session, [Creation(task, access.oid, choice)])
    return task


async def _assign(session: WriteSession, task: Task, new: schemas.NewTask) -> Choice | None:
    if "assignee_oid" in new.model_fields_set:
        if not await assignee_is_there(session, task.assignee_oid, task.project_oid):
            raise nobody()
        return None
    choice = await choose(session, task.project_oid, task.team_oid, task.oid)
    task.assignee_oid = choice.assignee_oid
    return choice


async def change_task(
    session: WriteSession, access: Access, key: TaskKey, match: Match, fields: Mapping[str, Any]
) -> Task:
    """Change fields of a task; what is as it was asked for already makes no change.

    Raises:
        NotFound: the task is not seen.
        Problem: 403 for a task that is not one's own; 412 for another version; 409 for a status that the
            workflow does not lead to.
        InvalidValueError: the new team or assignee is not in the project, or a time zone has no deadline.
    """
    seen = await show_task(session, access, key)
    ground = await _Ground.of(session, seen, fields)
    task = await _lock(session, seen)
    access.check_changes(task)
    match.check(task.version)
    values = columns(fields, deadline=task.deadline, zone=task.deadline_time_zone)
    differing = {name: value for name, value in values.items() if value != getattr(task, name)}
    await changing.change(session, [Change(task, differing | ground.check(task, differing), access.oid)])
    return task


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a change of a task stands on, held until the transaction ends.

    It is held before the task is locked: settings, people, tasks is the order in which everybody locks.
    """

    workflow: Workflow | None
    assignee_oid: UUID | None
    assignee_is_there: bool
    team_is_there: bool

    @classmethod
    async def of(cls, session: WriteSession, task: Task, fields: Mapping[str, Any]) -> Self:
        """For `fields` of the task, which is not locked yet."""
        assignee_oid = fields.get("assignee_oid", None if task.open else task.assignee_oid)
        return cls(
            await workflow_of(session, task.project_oid) if "status" in fields else None,
            assignee_oid,
            await assignee_is_there(session, assignee_oid, task.project_oid),
            await team_is_there(session, fields.get("team_oid"), task.project_oid),
        )

    def check(self, task: Task, differing: Mapping[str, Any]) -> dict[str, Any]:
        """Columns that change with those that differ.

        Raises:
            InvalidValueError: the new team or assignee is not in the project.
            Problem: 409, the workflow does not lead to the new status.
        """
        if "team_oid" in differing and not self.team_is_there:
            raise no_team()
        if "assignee_oid" in differing and not self.assignee_is_there:
            raise nobody()
        if self.workflow is None or "status" not in differing:
            return {}
        columns = moved(task, differing["status"], self.workflow)
        if columns["open"] and self._has_gone(task):
            columns["assignee_oid"] = None
        return columns

    def _has_gone(self, task: Task) -> bool:
        """Whether the task is reopened for somebody who has left the project since it was closed."""
        return not self.assignee_is_there and task.assignee_oid == self.assignee_oid


async def _lock(session: WriteSession, seen: Task) -> Task:
    task = await queries.lock_task(session, seen.oid)
    if task is None:
        raise NotFound("task")
    return task


async def delete_task(session: WriteSession, access: Access, key: TaskKey, match: Match) -> None:
    """Delete a task with its comments; its history stays.

    Raises:
        NotFound: the task is not seen.
        Problem: 412 for another version.
    """
    task = await _lock(session, await show_task(session, access, key))
    match.check(task.version)
    await changing.delete(session, task, access.oid)
