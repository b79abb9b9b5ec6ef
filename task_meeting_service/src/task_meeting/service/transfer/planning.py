"""What an import would do: decided for all rows before the first of them is written."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from service_kit.db import WriteSession
from service_kit.http import InvalidValueError, Problem
from task_meeting.models import Task
from task_meeting.queries import transfer as queries
from task_meeting.queries.eligible import Place, hold
from task_meeting.queries.tasks import new_oids
from task_meeting.schemas.project_settings import Workflow
from task_meeting.schemas.tasks import NewTask
from task_meeting.schemas.transfer import RowError
from task_meeting.service.access import Access
from task_meeting.service.tasks.changing import Change, Creation
from task_meeting.service.tasks.fields import columns, moved
from task_meeting.service.tasks.settings import workflow_of
from task_meeting.service.transfer.rows import Row, RowFaultError, fault_of, row_error


@dataclass(slots=True)
class Plan:
    """The changes that the rows make, and what stands against it."""

    creations: list[Creation] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the rows speak of and the caller sees, as it stays until the transaction ends."""

    tasks: Mapping[UUID, Task]
    projects: Collection[UUID]
    workflows: Mapping[UUID, Workflow]
    teams: Mapping[UUID, UUID]
    places: Collection[Place]

    def check(self, values: Mapping[str, Any], project_oid: UUID) -> None:
        """Raise `RowFaultError` for a team or an assignee that is not in the project."""
        team_oid, assignee_oid = values.get("team_oid"), values.get("assignee_oid")
        if team_oid is not None and self.teams.get(team_oid) != project_oid:
            raise RowFaultError("team_oid", "No team of this project")
        if assignee_oid is not None and Place(project_oid, None, assignee_oid) not in self.places:
            raise RowFaultError("assignee_oid", "Nobody who is in this project")


async def make_plan(session: WriteSession, access: Access, rows: Sequence[Row]) -> Plan:
    """What the rows do to the tasks that the caller sees; nothing is written."""
    facts = await _learn(session, access, rows)
    oids = iter(await new_oids(session, sum(row.task.oid is None for row in rows)))
    plan = Plan()
    for row in rows:
        try:
            if row.task.oid is None:
                plan.creations.append(_creation(row, next(oids), facts, access))
            else:
                _plan_change(row, facts, access, plan)
        except RowFaultError as fault:
            plan.errors.append(row_error(row.number, fault.column, fault.detail))
        except InvalidValueError as error:
            plan.errors.append(row_error(row.number, *fault_of(error.errors()[0])))
        except Problem as problem:
            plan.errors.append(row_error(row.number, "status", problem.detail))
    return plan


async def _learn(session: WriteSession, access: Access, rows: Sequence[Row]) -> _Facts:
    # Settings, people, tasks is the order in which everybody locks; of each, in one order.
    known = await queries.find_tasks(session, _named(row.task.oid for row in rows))
    mentioned = _named(row.task.project_oid for row in rows) | {it.project_oid for it in known.values()}
    projects = await queries.seen_projects(session, mentioned, access.seen_by)
    workflows = {oid: await workflow_of(session, oid) for oid in sorted(projects)}
    teams = await queries.projects_of_teams(session, _named(row.task.team_oid for row in rows))
    places = await hold(session, _places(rows, known))
    seen = [oid for oid, task in known.items() if task.project_oid in projects]
    return _Facts(await queries.lock_tasks(session, seen), projects, workflows, teams, places)


def _named(oids: Iterable[UUID | None]) -> set[UUID]:
    return {oid for oid in oids if oid is not None}


def _places(rows: Iterable[Row], tasks: Mapping[UUID, Task]) -> set[Place]:
    """Where assignees have to be who are named, or whose tasks may be reopened."""
    wanted = set[Place]()
    for row in rows:
        task = tasks.get(row.task.oid) if row.task.oid else None
        project_oid = task.project_oid if task else row.task.project_oid
        assignees = {row.task.assignee_oid, task.assignee_oid if task else None}
        if project_oid is not None:
            wanted |= {Place(project_oid, None, oid) for oid in _named(assignees)}
    return wanted


def _plan_change(row: Row, facts: _Facts, access: Access, plan: Plan) -> None:
    task = facts.tasks.get(row.task.oid) if row.task.oid else None
    if task is None:
        raise RowFaultError("oid", "No such task")
    if row.task.project_oid not in {None, task.project_oid}:
        raise RowFaultError("project_oid", "A task stays in its project")
    fields = row.task.model_dump(exclude_unset=True, exclude={"oid", "project_oid"})
    values = columns(fields, deadline=task.deadline, zone=task.deadline_time_zone)
    differing = {name: value for name, value in values.items() if value != getattr(task, name)}
    if not differing:
        plan.unchanged += 1
        return
    facts.check(differing, task.project_oid)
    if "status" in differing:
        differing |= moved(task, differing["status"], facts.workflows[task.project_oid])
        if differing["open"] and not task.open:
            facts.check({"assignee_oid": differing.get("assignee_oid", task.assignee_oid)}, task.project_oid)
    plan.changes.append(Change(task, differing, access.oid))


def _creation(row: Row, oid: UUID, facts: _Facts, access: Access) -> Creation:
    """Unlike a task that is created alone, one from a file may begin with any status of the workflow."""
    new = _new_task(row)
    if new.project_oid not in facts.projects:
        raise RowFaultError("project_oid", "No such project")
    facts.check(new.model_dump(), new.project_oid)
    workflow = facts.workflows[new.project_oid]
    status = row.task.status or workflow.initial
    if not workflow.has(status):
        raise RowFaultError("status", "No status of this project's workflow")
    now = datetime.now(UTC)
    task = Task(
        **columns(new.model_dump()),
        oid=oid,
        reporter_oid=access.oid,
        status=status,
        open=not workflow.is_final(status),
        version=1,
        created_at=now,
        updated_at=now,
        completed_at=now if workflow.is_completed(status) else None,
    )
    return Creation(task, access.oid)


def _new_task(row: Row) -> NewTask:
    given = row.task.model_dump(mode="json", exclude_unset=True, exclude={"oid", "status"})
    for needed in ("project_oid", "title"):
        if given.get(needed) is None:
            raise RowFaultError(needed, "A new task needs it")
    return NewTask.model_validate(given)
