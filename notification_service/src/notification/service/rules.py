"""The table "event type → template, recipients": every kind of mail is a row here and a folder of templates.

An event is what a bus carries (`meeting.changed.v1`), what a change of a row or of a person is to somebody
(`assignment.begun`: `plan.py`), or what somebody asked for (`notify.message`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from notification.events import Recipient
from notification.kinds import Kind
from notification.service.subjects import account, assignment, meeting, news, reminder, request, task
from notification.service.subjects.forms import Payload


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


RULES = (
    Rule("assignment.begun", Kind.ASSIGNED, assignment.its_person, assignment.both_ends),
    Rule("assignment.moved", Kind.CHANGED, assignment.its_person, assignment.both_ends),
    Rule("assignment.renamed", Kind.RENAMED, assignment.its_person, assignment.both_ends),
    Rule("assignment.ended", Kind.REMOVED, assignment.its_person, assignment.both_ends),
    Rule("meeting.scheduled.v1", Kind.INVITED, meeting.those_to("invite"), meeting.request),
    Rule("meeting.changed.v1", Kind.INVITED, meeting.those_to("invite"), meeting.request),
    Rule("meeting.changed.v1", Kind.MEETING_CHANGED, meeting.those_to("update"), meeting.request),
    Rule("meeting.changed.v1", Kind.MEETING_CANCELLED, meeting.those_to("cancel"), meeting.cancellation),
    Rule("meeting.cancelled.v1", Kind.MEETING_CANCELLED, meeting.those_to("cancel"), meeting.cancellation),
    Rule("reminder.due.v1", Kind.MEETING_REMINDER, reminder.those_due("meeting_soon"), reminder.due),
    Rule(
        "reminder.due.v1",
        Kind.TASK_REMINDER,
        reminder.those_due("task_day_before", "task_hour_before"),
        reminder.due,
    ),
    Rule("reminder.due.v1", Kind.TASK_OVERDUE, reminder.those_due("task_overdue"), reminder.due),
    Rule("task.assigned.v1", Kind.TASK_ASSIGNED, task.others(task.assignee), task.its_state),
    Rule("task.assigned.v1", Kind.TASK_UNASSIGNED, task.others(task.former_assignee), task.its_state),
    Rule("task.unassigned.v1", Kind.TASK_UNASSIGNED, task.others(task.former_assignee), task.its_state),
    Rule("task.completed.v1", Kind.TASK_COMPLETED, task.others(task.reporter), task.its_state),
    Rule("task.commented.v1", Kind.TASK_COMMENTED, task.others(task.assignee, task.reporter), task.its_state),
    Rule("news.published.v1", Kind.TEAM_NEWS, news.readers, news.item),
    Rule("account.email_changed", Kind.EMAIL_CHANGED, account.former_address, account.addresses),
    Rule("account.access_changed", Kind.ACCESS_CHANGED, account.holder, account.access),
    Rule("notify.message", Kind.MESSAGE, request.named, request.given),
    Rule("notify.order", Kind.ORDER, request.named, request.given),
)
_BY_EVENT: Mapping[str, list[Rule]] = {
    event: [rule for rule in RULES if rule.event == event] for event in {rule.event for rule in RULES}
}


def events_about(subject: str) -> set[str]:
    """The events about a sort of subject, such as `task`, that call for mails."""
    return {event for event in _BY_EVENT if event.startswith(f"{subject}.")}


def rules_for(event: str) -> list[Rule]:
    """The kinds of mail that an event calls for."""
    return _BY_EVENT.get(event, [])
