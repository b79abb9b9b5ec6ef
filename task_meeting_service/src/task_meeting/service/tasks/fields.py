"""From what is asked for to columns: the rules that a value alone does not show."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from service_kit.db import ReadSession, WriteSession
from service_kit.http import InvalidValueError, Problem
from task_meeting.models import Task
from task_meeting.queries import visibility
from task_meeting.queries.eligible import Place, hold
from task_meeting.schemas.project_settings import Workflow
from task_meeting.schemas.tasks import PRIORITIES

Fields = Mapping[str, Any]

_UTC = "UTC"


def columns(fields: Fields, *, deadline: datetime | None = None, zone: str | None = None) -> dict[str, Any]:
    """The columns for `fields`, as they were asked for, of a task that has a deadline or none at present.

    Raises:
        InvalidValueError: a time zone without a deadline.
    """
    values = dict(fields)
    if "priority" in values:
        values["priority"] = PRIORITIES.index(values["priority"])
    if not values.keys() & {"deadline", "deadline_time_zone"}:
        return values
    deadline = values.get("deadline", deadline)
    if deadline is None and values.get("deadline_time_zone") is not None:
        raise InvalidValueError(("body", "deadline_time_zone"), "There is no deadline for it")
    zone = values.get("deadline_time_zone", zone) or _UTC
    return {**values, "deadline_time_zone": None if deadline is None else zone}


async def team_is_there(session: ReadSession, team_oid: UUID | None, project_oid: UUID) -> bool:
    """Whether the team, if there is one, belongs to the project."""
    return team_oid is None or await visibility.team_is_in_project(session, team_oid, project_oid)


async def assignee_is_there(session: WriteSession, assignee_oid: UUID | None, project_oid: UUID) -> bool:
    """Whether the assignee, if there is one, is in the project; then they stay there for the transaction."""
    return assignee_oid is None or bool(await hold(session, [Place(project_oid, None, assignee_oid)]))


def no_team() -> InvalidValueError:
    """422: `team_is_there` is not so."""
    return InvalidValueError(("body", "team_oid"), "No team of this project")


def nobody() -> InvalidValueError:
    """422: `assignee_is_there` is not so."""
    return InvalidValueError(("body", "assignee_oid"), "Nobody who is in this project")


def moved(task: Task, status: str, workflow: Workflow) -> dict[str, Any]:
    """The columns of a task that gets another status.

    Raises:
        Problem: 409, the workflow has no such move; `allowed` says which it has.
    """
    allowed = workflow.allowed(task.status)
    if status not in allowed:
        raise Problem(
            HTTPStatus.CONFLICT,
            "The project's workflow does not lead from the present status to this one.",
            extra={"present": task.status, "allowed": allowed},
        )
    return {
        "status": status,
        "open": not workflow.is_final(status),
        "completed_at": (task.completed_at or datetime.now(UTC)) if workflow.is_completed(status) else None,
    }
