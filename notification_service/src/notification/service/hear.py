"""What the events of the buses are about. Pure: no database, no clock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET

from notification.events import (
    TASK_ASSIGNED,
    TASK_COMPLETED,
    TASK_UNASSIGNED,
    TASK_UPDATED,
    MeetingEvent,
    NewsEvent,
    ReminderEvent,
    TaskEvent,
)
from notification.queries.mails import Withdrawal
from notification.service.intents import News
from notification.service.subjects.task import TaskNews
from notification.states import Source
from service_kit.business import BusinessEvent

# Events have no version among rows; their place in Kafka orders those of one key.
NO_EPOCH = 0


def meeting_news(event: MeetingEvent) -> News:
    """A meeting was scheduled, changed or cancelled."""
    return _news(event, Source.MEETINGS, event.data.subject, event.data)


def reminder_news(event: ReminderEvent) -> News:
    """A task or a meeting is due."""
    due = event.data
    return _news(event, Source.REMINDERS, due.subject, due, expires_at=due.expires_at)


def task_news(event: TaskEvent, names: Mapping[UUID, str]) -> News:
    """Something happened to a task; `names` are those of whoever did such things, if known."""
    actor = event.data.actor_oid
    actor_name = None if actor is None else names.get(actor)
    return _news(event, Source.TASKS, event.data.subject, TaskNews(event.data, actor_name))


def withdrawal(event: TaskEvent) -> Withdrawal | None:
    """The reminders that a task's event makes untrue, if any: it is done, put off, or another's."""
    task = event.data
    if event.type in {TASK_COMPLETED, TASK_UNASSIGNED} or (
        event.type == TASK_UPDATED and task.before.deadline is not UNSET
    ):
        return Withdrawal(task.subject, event.created_at, None)
    if event.type == TASK_ASSIGNED:
        return Withdrawal(task.subject, event.created_at, task.assignee_oid)
    return None


def published_news(event: NewsEvent) -> News:
    """News of an organization or a team was published."""
    return _news(event, Source.NEWS, event.data.subject, event.data)


def _news(
    event: BusinessEvent[Any], source: Source, subject: str, data: Any, *, expires_at: datetime | None = None
) -> News:
    return News(
        type=event.type,
        source=source,
        subject=subject,
        epoch=NO_EPOCH,
        lsn=event.message.offset,
        committed_at=event.created_at,
        data=data,
        expires_at=expires_at,
        uid=event.uid,
    )
