"""What happens to tasks, and to whom it is told."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from notification.events import Task, task_decoder
from notification.kinds import Kind
from notification.service.hear import task_news
from notification.service.intents import intents_of
from notification.service.rules import events_about
from notification.states import Source
from service_kit.business import BusinessEvent
from service_kit.messages import Message

AT = datetime(2026, 11, 21, tzinfo=UTC)
ANN, BOB, EVE = UUID(int=1), UUID(int=2), UUID(int=3)


def told(what, *, assignee=None, former=None, reporter=EVE, actor=None):
    """Who is told what of a task; nobody is named by more than their oid."""
    task = msgspec.convert(
        {
            "oid": UUID(int=8),
            "title": "Books",
            "assignee_oid": assignee,
            "reporter_oid": reporter,
            "status": "new",
            "priority": "low",
            "deadline": AT,
            "deadline_time_zone": None,
            "actor_oid": actor,
            "before": {"assignee_oid": former} if former else {},
        },
        Task,
    )
    event = BusinessEvent(UUID(int=5), f"task.{what}.v1", AT, task, Message("task-bus", 0, 5, b"8", b""))
    return intents_of(task_news(event, {BOB: "Bob"}))


def people(intents):
    return {(intent.kind, intent.user_oid) for intent in intents}


@pytest.mark.parametrize(
    ("what", "roles", "expected"),
    [
        ("assigned", {"assignee": ANN, "actor": EVE}, {(Kind.TASK_ASSIGNED, ANN)}),
        ("assigned", {"assignee": ANN, "actor": None}, {(Kind.TASK_ASSIGNED, ANN)}),
        ("assigned", {"assignee": ANN, "actor": ANN}, set()),
        (
            "assigned",
            {"assignee": ANN, "former": BOB, "actor": EVE},
            {(Kind.TASK_ASSIGNED, ANN), (Kind.TASK_UNASSIGNED, BOB)},
        ),
        ("assigned", {"assignee": ANN, "former": BOB, "actor": ANN}, {(Kind.TASK_UNASSIGNED, BOB)}),
        ("unassigned", {"former": BOB, "actor": EVE}, {(Kind.TASK_UNASSIGNED, BOB)}),
        ("unassigned", {"former": BOB, "actor": BOB}, set()),
        ("completed", {"assignee": ANN, "actor": ANN}, {(Kind.TASK_COMPLETED, EVE)}),
        ("completed", {"assignee": EVE, "actor": EVE}, set()),
        (
            "commented",
            {"assignee": ANN, "actor": BOB},
            {(Kind.TASK_COMMENTED, ANN), (Kind.TASK_COMMENTED, EVE)},
        ),
        ("commented", {"assignee": ANN, "actor": ANN}, {(Kind.TASK_COMMENTED, EVE)}),
        ("commented", {"assignee": EVE, "actor": ANN}, {(Kind.TASK_COMMENTED, EVE)}),
        ("commented", {"assignee": None, "actor": EVE}, set()),
        ("deleted", {"assignee": ANN, "actor": EVE}, set()),
    ],
)
def test_of_a_task_those_are_told_who_have_to_do_with_it_and_did_not_do_it(what, roles, expected):
    assert people(told(what, **roles)) == expected


def test_a_mail_about_a_task_says_how_it_is_and_who_did_it():
    (mail,) = told("assigned", assignee=ANN, actor=BOB)
    assert (mail.subject, mail.source, mail.recipient) == (f"task:{UUID(int=8)}", Source.TASKS, None)
    assert mail.payload["person"] == {"name": "", "time_zone": None}
    assert mail.payload["task"]["deadline"] == "2026-11-21T00:00:00Z"
    assert (mail.payload["actor_name"], mail.payload["comment"]) == ("Bob", None)
    assert told("assigned", assignee=ANN, actor=EVE)[0].payload["actor_name"] is None


@pytest.mark.parametrize("type_", ["task.created.v1", "task.updated.v1", "task.status-changed.v1"])
def test_what_nobody_is_told_of_is_not_even_read(type_):
    message = Message("task-bus", 0, 5, b"8", b"not even JSON", (("type", type_.encode()),))
    decode = task_decoder(events_about("task"))
    assert decode(message) is None
