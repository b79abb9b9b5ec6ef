"""The table "event type → template, recipients": every kind of mail is a row here and a folder of templates.

An event is what a bus carries (`meeting.changed.v1`), or what `plan.py` reads off a row's change.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import to_builtins
from sqlalchemy import RowMapping

from notification.events import MeetingNews, Person, ReminderDue
from notification.states import Kind

Row = Mapping[str, Any] | RowMapping
Payload = dict[str, Any]

# What a mail shows of it. The whole agenda is in the calendar object.
_AGENDA = 2000
_UNTOLD = ("recipients", "calendar", "before")
_SHOWN = ("project_name", "team_name", "application_url")


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
    recipients: Callable[[Any], Iterable[Person]]
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
)


def rules_for(event: str) -> list[Rule]:
    """The kinds of mail that an event calls for."""
    return [rule for rule in RULES if rule.event == event]
