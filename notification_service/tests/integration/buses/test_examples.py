"""Each example of the contracts becomes the right mails."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from notification.events import MEETING_TOPIC, REMINDER_TOPIC

EXAMPLES = Path(__file__).parents[4] / "contracts" / "examples"
WORDS = {
    "invite": {"en": "Invitation: {}", "ru": "Приглашение: {}"},
    "update": {"en": "Meeting changed: {}", "ru": "Встреча изменилась: {}"},
    "cancel": {"en": "You are no longer asked to: {}", "ru": "Вас больше не ждут на встрече: {}"},
    "cancelled": {"en": "Meeting cancelled: {}", "ru": "Встреча отменена: {}"},
    "meeting_soon": {"en": "Begins in 15 minutes: {}", "ru": "Начало через 15 минут: {}"},
    "task_day_before": {"en": "Due in 24 hours: {}", "ru": "Срок через 24 часа: {}"},
    "task_hour_before": {"en": "Due in 60 minutes: {}", "ru": "Срок через 60 минут: {}"},
    "task_overdue": {"en": "Overdue: {}", "ru": "Просрочено: {}"},
}


@pytest.fixture
def messages(bus):
    """The examples in the order of their events, each with its value."""
    examples = [
        (topic, json.loads(file.read_text(encoding="utf-8")))
        for topic in (MEETING_TOPIC, REMINDER_TOPIC)
        for file in (EXAMPLES / topic).iterdir()
    ]
    examples.sort(key=lambda example: example[1]["value"]["created_at"])
    return [
        (
            bus.message(
                topic,
                example["key"],
                json.dumps(example["value"]).encode(),
                tuple((name, text.encode()) for name, text in example["headers"].items()),
            ),
            example["value"],
        )
        for topic, example in examples
    ]


def expected(value):
    data = value["data"]
    about = data.get("meeting") or data.get("task") or data
    for person in data["recipients"]:
        what = person.get("action") or data["kind"]
        if what == "cancel" and data["status"] == "cancelled":
            what = "cancelled"
        yield person["email"], WORDS[what][person["locale"] or "en"].format(about["title"])


async def test_each_example_is_mailed_to_whom_it_names(messages, tell, clock, sender, settled, mail_server):
    assert len(messages) >= 14
    async with sender(lanes=1):
        for message, value in messages:
            mail_server.mails.clear()
            happened = datetime.fromisoformat(value["created_at"])
            clock.push(seconds=(happened - clock.now()).total_seconds())
            await tell(message)
            assert {mail["state"] for mail in await settled()} <= {"accepted"}
            told = [(*mail.recipients, mail.subject) for mail in mail_server.mails]
            assert sorted(told) == sorted(expected(value))
            for mail in mail_server.mails:
                check_calendar(mail, value)


def check_calendar(mail, value):
    """Who is told of a meeting's news gets its object, and the organizer their answers."""
    files = [file.get_content().decode() for file in mail.message.iter_attachments()]
    if "calendar" not in value["data"]:
        assert files == []
        return
    (person,) = [one for one in value["data"]["recipients"] if one["email"] == mail.recipients[0]]
    method = "cancel" if person["action"] == "cancel" else "request"
    assert files == [value["data"]["calendar"][method]]
    assert mail.message["Reply-To"].addresses[0].addr_spec == value["data"]["organizer"]["email"]
