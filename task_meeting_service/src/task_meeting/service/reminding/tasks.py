"""Reminding of tasks: when they are looked at is kept with the tasks, what is said is decided at the look."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from service_kit.clock import Clock
from service_kit.db import Database
from task_meeting.events import Recipient
from task_meeting.models import Person, Task
from task_meeting.queries import reminders as queries
from task_meeting.queries.reminders import Assigned
from task_meeting.service.reminding.planning import due, next_look, zone_of
from task_meeting.service.reminding.sending import Reminder, count, send
from task_meeting.service.tasks.changing import told

# As many as are held in memory at once.
CHUNK = 500
_TOLD = ("oid", "title", "project_oid", "priority", "status", "deadline", "deadline_time_zone")


async def remind_of_tasks(database: Database, clock: Clock, *, size: int = CHUNK) -> bool:
    """Look at the next tasks that are to be looked at; whether there may be more.

    One transaction: the reminders, their events and when to look again; so it happened, or it did not.
    """
    now = clock.now()
    async with database.transaction() as session:
        planned = await queries.lock_due(session, now, size)
        if not planned:
            return False
        # After the lock: whoever changed one of these tasks has committed, or waits for us.
        assigned = await queries.list_assigned(session, planned)
        sent = await send(session, list(_reminders(assigned, planned, now)), now)
        await queries.plan(session, {it.task.id: _next(it, now) for it in assigned})
        await queries.forget(session, planned.keys() - {it.task.id for it in assigned})
    count(sent)
    return len(planned) == size


def _reminders(
    assigned: Sequence[Assigned], planned: Mapping[int, datetime], now: datetime
) -> Iterator[Reminder]:
    for task, deadline, project_name, person, active in assigned:
        if person is not None and active:
            is_due = due(deadline, zone_of(person.time_zone), now, planned[task.id])
            if is_due is not None:
                about = {"task": _told(task, project_name)}
                yield Reminder(task.oid, deadline, is_due, about, [_recipient(person)])


def _next(assigned: Assigned, now: datetime) -> datetime:
    person = assigned.person
    return next_look(assigned.deadline, zone_of(person and person.time_zone), now)


def _told(task: Task, project_name: str | None) -> dict[str, object]:
    shown = told(task)
    return {"project_name": project_name} | {name: shown[name] for name in _TOLD}


def _recipient(person: Person) -> Recipient:
    return Recipient(person.oid, person.name, person.email, person.locale, person.time_zone)
