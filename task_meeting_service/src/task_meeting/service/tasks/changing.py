"""The one place that changes tasks: rows, history and events together, however many tasks it is at once.

The same few statements do it for one task and for 500.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from service_kit import outbox
from service_kit.db import WriteSession
from service_kit.outbox import Event
from task_meeting.events import TaskNews, task_event
from task_meeting.models import Task, TaskChange
from task_meeting.schemas import tasks as schemas
from task_meeting.service.choosing import Choice
from task_meeting.service.reminding.keeping import Ground, ground, keep_plans

Shown = dict[str, Any]

# Every change has its own, so they tell nothing of what was changed.
_BOOKKEEPING = {"id", "version", "updated_at"}
# What news of their own tell.
_OWN_NEWS = {"assignee_oid", "status", "completed_at"}
# What the history keeps and no event says: it is long, and not for everybody.
_UNTOLD = {"id", "description"}


@dataclass(frozen=True, slots=True)
class Change:
    """New values for one task.

    `task` was loaded FOR UPDATE in the same transaction; `fields` are values of its columns. Without an
    `actor_oid` the service itself changes the task, by its rules. `choice` says how an assignee was found.
    """

    task: Task
    fields: Mapping[str, Any]
    actor_oid: UUID | None = None
    choice: Choice | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Creation:
    """A new task, whose oid is set already; `choice` says how its assignee was found."""

    task: Task
    actor_oid: UUID
    choice: Choice | None = None


async def change(session: WriteSession, changes: Sequence[Change]) -> None:
    """Apply changes, each of another task; one that makes no difference leaves its task as it is."""
    now = datetime.now(UTC)
    await _keep(session, [made for made in (_apply(it, now) for it in changes) if made is not None], now)


async def create(session: WriteSession, creations: Sequence[Creation]) -> None:
    """Add tasks."""
    session.add_all(it.task for it in creations)
    await session.flush()
    await _keep(session, [_created(it) for it in creations], datetime.now(UTC))


async def delete(session: WriteSession, task: Task, actor_oid: UUID) -> None:
    """Delete a task, which was loaded FOR UPDATE. Its comments go with it, its history stays."""
    before, now = _content(shown(task)), datetime.now(UTC)
    task.version += 1
    task.updated_at = now
    # When it was to be looked at goes with it.
    await _keep(session, [_Made(task, before, {}, actor_oid, None, ("task.deleted.v1",), ground(task))], now)
    await session.delete(task)


def shown(task: Task) -> Shown:
    """The task as the API shows it, in JSON."""
    return schemas.Task.model_validate(task).model_dump(mode="json")


def told(task: Task) -> Shown:
    """The task as events show it, in JSON."""
    return _without(shown(task), _UNTOLD)


@dataclass(frozen=True, slots=True)
class _Made:
    """A change that was made: `before` and `after` hold the fields that differ, as the API shows them.

    `ground` is what reminders stood on before it.
    """

    task: Task
    before: Shown
    after: Shown
    actor_oid: UUID | None
    choice: Choice | None
    news: Sequence[TaskNews]
    ground: Ground | None = None
    reason: str | None = None

    def history(self) -> TaskChange:
        return TaskChange(
            task_oid=self.task.oid,
            version=self.task.version,
            actor_oid=self.actor_oid,
            reason=self.reason,
            changed_at=self.task.updated_at,
            before=self.before,
            after=self.after,
        )

    def events(self) -> Iterator[Event]:
        data = {
            **told(self.task),
            "before": _without(self.before, _UNTOLD),
            "actor_oid": self.actor_oid and str(self.actor_oid),
            "choice": None,
        }
        for news in self.news:
            about_choice = {"choice": _choice(self.choice)} if news == "task.assigned.v1" else {}
            yield task_event(news, self.task.oid, data | about_choice)


async def _keep(session: WriteSession, made: Sequence[_Made], now: datetime) -> None:
    session.add_all(it.history() for it in made)
    await session.flush()
    await keep_plans(session, [(it.task, it.ground) for it in made], now)
    await outbox.emit(session, [event for it in made for event in it.events()])


def _apply(change: Change, now: datetime) -> _Made | None:
    task, was_open = change.task, change.task.open
    before, stood_on = shown(task), ground(task)
    for name, value in change.fields.items():
        setattr(task, name, value)
    after = shown(task)
    names = [name for name in after if after[name] != before[name]]
    if not names:
        return None
    task.version += 1
    task.updated_at = now
    return _Made(
        task,
        {name: before[name] for name in names},
        {name: after[name] for name in names},
        change.actor_oid,
        change.choice,
        list(_news(task, set(names), was_open=was_open)),
        stood_on,
        change.reason,
    )


def _created(creation: Creation) -> _Made:
    task = creation.task
    news: list[TaskNews] = ["task.created.v1"]
    if task.assignee_oid is not None:
        news.append("task.assigned.v1")
    return _Made(task, {}, _content(shown(task)), creation.actor_oid, creation.choice, news)


def _news(task: Task, names: set[str], *, was_open: bool) -> Iterator[TaskNews]:
    if "assignee_oid" in names:
        yield "task.unassigned.v1" if task.assignee_oid is None else "task.assigned.v1"
    if "status" in names:
        yield "task.status-changed.v1"
        if "completed_at" in names and task.completed_at is not None:
            yield "task.completed.v1"
        if task.open and not was_open:
            yield "task.reopened.v1"
    if names - _OWN_NEWS:
        yield "task.updated.v1"


def _choice(choice: Choice | None) -> Shown | None:
    if choice is None:
        return None
    return {"strategy": choice.strategy, "seed": choice.seed, "eligible_hash": choice.eligible_hash}


def _content(shown: Shown) -> Shown:
    return _without(shown, _BOOKKEEPING)


def _without(shown: Shown, names: Iterable[str]) -> Shown:
    return {name: value for name, value in shown.items() if name not in names}
