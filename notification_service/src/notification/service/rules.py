"""The table "event type → template, recipients": every kind of mail is a row here and a folder of templates.

An event is what a bus carries (`meeting.changed.v1`), what `plan.py` reads off the change of a row or a person
(`assignment.begun`), or what somebody asked for (`notify.message`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec import to_builtins
from sqlalchemy import RowMapping

from notification.events import MeetingNews, NewsItem, Person, Recipient, ReminderDue, Task
from notification.kinds import Kind

Row = Mapping[str, Any] | RowMapping
Payload = dict[str, Any]

# What a mail shows of it. The whole agenda is in the calendar object.
_AGENDA = 2000
_UNTOLD = ("recipients", "calendar", "before")
_SHOWN = ("project_name", "team_name", "application_url")
_TASK = ("oid", "title", "priority", "status", "deadline", "deadline_time_zone")


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of mail.

    Attributes:
        event: the type of the event that calls for it.
        kind: its templates.
        recipients: the event's data → who gets it.
        payload: the event's data → all that it says, as JSON.
    """

    event: str
    kind: Kind
    recipients: Callable[[Any], Iterable[Recipient]]
    payload: Callable[[Any], Payload]


@dataclass(frozen=True, slots=True)
class AssignmentNews:
    """An assignment before and after a change; None where there was or is none."""

    before: Row | None
    after: Row | None

    @property
    def row(self) -> Row:
        """The assignment that is, or was."""
        row = self.after or self.before
        assert row is not None, "news is about an assignment that is or was"
        return row


def _its_person(news: AssignmentNews) -> list[Person]:
    row = news.row
    return [
        Person(
            oid=row["user_oid"],
            name=row["user_name"],
            email=row["user_email"],
            locale=row["user_locale"],
            time_zone=row["user_time_zone"],
        )
    ]


def _both_ends(news: AssignmentNews) -> Payload:
    def shown(row: Row | None) -> Payload | None:
        return None if row is None else {column: row[column] for column in _SHOWN}

    return {"before": shown(news.before), "after": shown(news.after)}


def _those_to(action: str) -> Callable[[MeetingNews], list[Person]]:
    return lambda news: [guest for guest in news.recipients if guest.action == action]


def _meeting(news: MeetingNews, calendar: str | None) -> Payload:
    told = to_builtins(news)
    meeting = {name: value for name, value in told.items() if name not in _UNTOLD}
    meeting["agenda"] = news.agenda[:_AGENDA]
    return {"meeting": meeting, "before": told["before"], "calendar": calendar}


def _request(news: MeetingNews) -> Payload:
    return _meeting(news, news.calendar.request)


def _cancellation(news: MeetingNews) -> Payload:
    return _meeting(news, news.calendar.cancel)


@dataclass(frozen=True, slots=True)
class TaskNews:
    """A task after what happened, and who did it, if they are known by name."""

    task: Task
    actor_name: str | None


def _assignee(task: Task) -> UUID | None:
    return task.assignee_oid


def _former_assignee(task: Task) -> UUID | None:
    return task.before.assignee_oid


def _reporter(task: Task) -> UUID | None:
    return task.reporter_oid


def _others(*roles: Callable[[Task], UUID | None]) -> Callable[[TaskNews], list[Recipient]]:
    """Who has one of these roles, but not whoever did it."""

    def recipients(news: TaskNews) -> list[Recipient]:
        people = {role(news.task) for role in roles} - {None, news.task.actor_oid}
        return [Recipient(oid=oid) for oid in people if oid is not None]

    return recipients


def _task(news: TaskNews) -> Payload:
    told = to_builtins(news.task)
    task = {name: told[name] for name in _TASK} | {"project_name": None}
    return {"task": task, "actor_name": news.actor_name, "comment": None}


def _readers(news: NewsItem) -> list[Person]:
    return news.recipients


def _news(news: NewsItem) -> Payload:
    told = to_builtins(news)
    return {"news": {name: value for name, value in told.items() if name not in _UNTOLD}}


@dataclass(frozen=True, slots=True)
class AccountNews:
    """A person before and after a change."""

    before: Row
    after: Row


def _holder(news: AccountNews) -> list[Recipient]:
    return [_account(news.after, news.after["email"])]


def _former_address(news: AccountNews) -> list[Recipient]:
    """Where somebody may be who did not ask for the change. Nobody, if there was none."""
    return [_account(news.after, news.before["email"])] if news.before["email"] else []


def _account(row: Row, email: str) -> Recipient:
    return Recipient(
        oid=row["oid"], name=row["name"], email=email, locale=row["locale"], time_zone=row["time_zone"]
    )


def _addresses(news: AccountNews) -> Payload:
    return {"account": {"old_email": news.before["email"], "new_email": news.after["email"]}}


def _access(news: AccountNews) -> Payload:
    before, after = news.before, news.after
    role = {"role": after["role"], "old_role": before["role"]}
    return {"account": {**role, "is_active": after["is_active"], "was_active": before["is_active"]}}


@dataclass(frozen=True, slots=True)
class Request:
    """A mail that an authorized client asked for: to whom, and all that its template shows."""

    recipients: list[Recipient]
    payload: Payload


def _named(request: Request) -> list[Recipient]:
    return request.recipients


def _given(request: Request) -> Payload:
    return request.payload


def _those_due(*kinds: str) -> Callable[[ReminderDue], list[Person]]:
    return lambda due: due.recipients if due.kind in kinds else []


def _due(due: ReminderDue) -> Payload:
    told = to_builtins(due)
    return {name: told[name] for name in ("task", "meeting", "due_at") if told[name] is not None}


RULES = (
    Rule("assignment.begun", Kind.ASSIGNED, _its_person, _both_ends),
    Rule("assignment.moved", Kind.CHANGED, _its_person, _both_ends),
    Rule("assignment.renamed", Kind.RENAMED, _its_person, _both_ends),
    Rule("assignment.ended", Kind.REMOVED, _its_person, _both_ends),
    Rule("meeting.scheduled.v1", Kind.INVITED, _those_to("invite"), _request),
    Rule("meeting.changed.v1", Kind.INVITED, _those_to("invite"), _request),
    Rule("meeting.changed.v1", Kind.MEETING_CHANGED, _those_to("update"), _request),
    Rule("meeting.changed.v1", Kind.MEETING_CANCELLED, _those_to("cancel"), _cancellation),
    Rule("meeting.cancelled.v1", Kind.MEETING_CANCELLED, _those_to("cancel"), _cancellation),
    Rule("reminder.due.v1", Kind.TASK_REMINDER, _those_due("task_day_before", "task_hour_before"), _due),
    Rule("reminder.due.v1", Kind.TASK_OVERDUE, _those_due("task_overdue"), _due),
    Rule("reminder.due.v1", Kind.MEETING_REMINDER, _those_due("meeting_soon"), _due),
    Rule("task.assigned.v1", Kind.TASK_ASSIGNED, _others(_assignee), _task),
    Rule("task.assigned.v1", Kind.TASK_UNASSIGNED, _others(_former_assignee), _task),
    Rule("task.unassigned.v1", Kind.TASK_UNASSIGNED, _others(_former_assignee), _task),
    Rule("task.completed.v1", Kind.TASK_COMPLETED, _others(_reporter), _task),
    Rule("task.commented.v1", Kind.TASK_COMMENTED, _others(_assignee, _reporter), _task),
    Rule("news.published.v1", Kind.TEAM_NEWS, _readers, _news),
    Rule("account.email_changed", Kind.EMAIL_CHANGED, _former_address, _addresses),
    Rule("account.access_changed", Kind.ACCESS_CHANGED, _holder, _access),
    Rule("notify.message", Kind.MESSAGE, _named, _given),
    Rule("notify.order", Kind.ORDER, _named, _given),
)


def rules_for(event: str) -> list[Rule]:
    """The kinds of mail that an event calls for."""
    return [rule for rule in RULES if rule.event == event]
