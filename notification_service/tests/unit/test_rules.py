"""The table "event type → template, recipients"."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

import msgspec
import pytest

from notification.events import MeetingNews, NewsItem, Recipient, ReminderDue
from notification.kinds import Kind
from notification.mail.render import FOLDER
from notification.service.hear import meeting_news, published_news, reminder_news
from notification.service.intents import News, intents_of
from notification.service.plan import plan_mails
from notification.service.rules import RULES
from notification.service.subjects.request import Request
from notification.states import Source
from service_kit.business import BusinessEvent
from service_kit.messages import Message

AT = datetime(2026, 11, 21, tzinfo=UTC)
MEETING = {
    "oid": str(UUID(int=7)),
    "title": "Weekly",
    "agenda": "x" * 5000,
    "organizer": {"oid": str(UUID(int=9)), "name": "Maria", "email": "maria@company.example"},
    "start": "2026-11-23T10:00:00+01:00",
    "end": "2026-11-23T11:00:00+01:00",
    "all_day": False,
    "time_zone": "Europe/Berlin",
    "status": "scheduled",
    "before": {"place": "Room 3"},
    "recipients": [
        {
            "oid": str(UUID(int=number)),
            "name": f"User {number}",
            "email": "x@company.example",
            "action": action,
        }
        for number, action in enumerate(("invite", "update", "cancel"), start=1)
    ],
    "calendar": {"request": "METHOD:REQUEST", "cancel": "METHOD:CANCEL"},
}
PERSON = {"oid": str(UUID(int=1)), "name": "Ann", "email": "ann@company.example", "time_zone": "Asia/Tokyo"}
TASK = {"oid": str(UUID(int=8)), "title": "Books", "priority": "low", "status": "new", "deadline": AT}
OCCURRENCE = {
    **{name: MEETING[name] for name in ("oid", "title", "all_day", "time_zone")},
    "start": AT,
    "end": AT,
}


def event(type_, data, *, uid=1, offset=5):
    message = Message("bus", 0, offset, b"7", b"", (), 0)
    return BusinessEvent(UUID(int=uid), type_, AT, data, message)


def meeting(type_="meeting.changed.v1", *, offset=5, uid=1, **changed):
    data = msgspec.convert({**MEETING, **changed}, MeetingNews)
    return intents_of(meeting_news(event(type_, data, uid=uid, offset=offset)))


def reminder(kind, **about):
    raw = {"kind": kind, "due_at": AT, "expires_at": AT, "recipients": [PERSON], **about}
    return intents_of(reminder_news(event("reminder.due.v1", msgspec.convert(raw, ReminderDue))))


def test_every_kind_of_mail_is_a_row_and_a_folder_and_nothing_else_is():
    # A digest puts mails together that the table has called for.
    assert {rule.kind for rule in RULES} | {Kind.DIGEST} == set(Kind)
    assert {folder.name for folder in FOLDER.iterdir()} - {"layout"} == set(Kind)


@pytest.mark.parametrize(
    ("type_", "told"),
    [
        ("meeting.scheduled.v1", {(1, Kind.INVITED)}),
        (
            "meeting.changed.v1",
            {(1, Kind.INVITED), (2, Kind.MEETING_CHANGED), (3, Kind.MEETING_CANCELLED)},
        ),
        ("meeting.cancelled.v1", {(3, Kind.MEETING_CANCELLED)}),
        ("meeting.forgotten.v1", set()),
    ],
)
def test_a_meetings_news_tells_each_what_it_is_to_them(type_, told):
    assert {(intent.user_oid.int, intent.kind) for intent in meeting(type_)} == told


def test_a_mail_about_a_meeting_holds_all_that_it_says_and_no_more():
    invited, changed, cancelled = meeting()
    assert (invited.subject, invited.source, invited.assignment_id) == (
        f"meeting:{UUID(int=7)}",
        Source.MEETINGS,
        None,
    )
    assert (invited.epoch, invited.lsn, invited.committed_at) == (0, 5, AT)
    assert invited.payload["person"] == {"name": "User 1", "time_zone": None}
    assert changed.payload["before"] == {"place": "Room 3"}
    assert [mail.payload["calendar"] for mail in (invited, changed, cancelled)] == [
        "METHOD:REQUEST",
        "METHOD:REQUEST",
        "METHOD:CANCEL",
    ]
    assert "recipients" not in invited.payload["meeting"]
    assert len(invited.payload["meeting"]["agenda"]) == 2000


@pytest.mark.parametrize(
    ("kind", "about", "told", "subject"),
    [
        ("task_day_before", {"task": TASK}, Kind.TASK_REMINDER, f"task:{UUID(int=8)}"),
        ("task_hour_before", {"task": TASK}, Kind.TASK_REMINDER, f"task:{UUID(int=8)}"),
        ("task_overdue", {"task": TASK}, Kind.TASK_OVERDUE, f"task:{UUID(int=8)}"),
        ("meeting_soon", {"meeting": OCCURRENCE}, Kind.MEETING_REMINDER, f"meeting:{UUID(int=7)}"),
    ],
)
def test_a_reminder_is_told_until_it_tells_nothing_new(kind, about, told, subject):
    (mail,) = reminder(kind, **about)
    assert (mail.kind, mail.subject, mail.source, mail.expires_at) == (told, subject, Source.REMINDERS, AT)
    assert mail.payload.keys() == {"person", "due_at", *about}


@pytest.mark.parametrize(("kind", "about"), [("task_overdue", {}), ("meeting_soon", {"task": TASK})])
def test_a_reminder_of_nothing_is_refused(kind, about):
    with pytest.raises(msgspec.ValidationError, match="is about a task or a meeting"):
        reminder(kind, **about)


@pytest.mark.parametrize(
    "start", ["tomorrow", "2026-11-23T10:00:00", "2026-13-01", "0001-01-01T00:00:00+14:00"]
)
def test_a_meeting_at_no_time_is_refused(start):
    for changed in ({"start": start}, {"before": {"end": start}}):
        with pytest.raises(msgspec.ValidationError):
            meeting(**changed)


def test_news_is_told_to_whom_it_names():
    news = {
        "oid": UUID(int=6),
        "title": "Closed",
        "body": "On Friday.\nAll day.",
        "organization_name": "Nordlicht",
        "team_name": None,
        "published_at": AT,
        "recipients": [PERSON],
    }
    (mail,) = intents_of(published_news(event("news.published.v1", msgspec.convert(news, NewsItem))))
    assert (mail.kind, mail.recipient, mail.source) == (Kind.TEAM_NEWS, "ann@company.example", Source.NEWS)
    assert mail.subject == f"news:{UUID(int=6)}"
    assert mail.payload["news"]["body"] == "On Friday.\nAll day."
    assert "recipients" not in mail.payload["news"]


@pytest.mark.parametrize(("type_", "kind"), [("notify.message", Kind.MESSAGE), ("notify.order", Kind.ORDER)])
def test_what_a_client_asks_for_is_told_as_it_says(type_, kind):
    data = Request([Recipient(oid=UUID(int=1)), Recipient(oid=UUID(int=2))], {"order": {"order_id": 5}})
    news = News(type_, Source.REQUESTS, "order:5", 0, 1, AT, data, uid=UUID(int=3))
    assert [(mail.kind, mail.user_oid.int, mail.recipient) for mail in intents_of(news)] == [
        (kind, 1, None),
        (kind, 2, None),
    ]
    assert intents_of(news)[0].payload["order"] == {"order_id": 5}


def test_the_same_event_elsewhere_is_the_same_mail_and_another_event_another():
    first, again, other = (meeting(offset=5)[0], meeting(offset=9)[0], meeting(uid=2)[0])
    assert first.id == again.id != other.id


def test_the_ids_of_mails_about_assignments_are_as_they_were():
    row = {
        "id": 7, "epoch": 1, "lsn": 100, "project_id": 1, "project_name": "Atlas", "team_id": None,
        "team_name": None, "user_oid": UUID(int=1), "user_name": "Ann", "user_email": "ann@company.example",
        "user_locale": None, "user_time_zone": None, "application_url": None,
    }  # fmt: skip
    (mail,) = plan_mails("c", None, row, AT)
    namespace = UUID("6f9d2a0e-3c55-4a35-9a0b-0f6a6e1c7d21")
    assert mail.id == uuid5(namespace, f"7:1:100:assigned:{UUID(int=1)}")
    assert (mail.subject, mail.assignment_id, mail.source) == ("assignment:7", 7, Source.ASSIGNMENTS)
