"""What happened to a task."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from msgspec import to_builtins

from notification.events import Recipient, Task
from notification.service.subjects.forms import Payload

_SHOWN = ("oid", "title", "priority", "status", "deadline", "deadline_time_zone")

Role = Callable[[Task], UUID | None]


@dataclass(frozen=True, slots=True)
class TaskNews:
    """A task after what happened, and who did it, if they are known by name."""

    task: Task
    actor_name: str | None


def assignee(task: Task) -> UUID | None:
    return task.assignee_oid


def former_assignee(task: Task) -> UUID | None:
    return task.before.assignee_oid


def reporter(task: Task) -> UUID | None:
    return task.reporter_oid


def others(*roles: Role) -> Callable[[TaskNews], list[Recipient]]:
    """Who has one of these roles, except whoever did it: they know."""

    def recipients(news: TaskNews) -> list[Recipient]:
        people = {role(news.task) for role in roles} - {news.task.actor_oid}
        return [Recipient(oid=oid) for oid in people if oid is not None]

    return recipients


def its_state(news: TaskNews) -> Payload:
    """The task as it is now. Events name neither its project nor what a comment says."""
    told = to_builtins(news.task)
    task = {name: told[name] for name in _SHOWN} | {"project_name": None}
    return {"task": task, "actor_name": news.actor_name, "comment": None}
