"""Each example of the contracts, through the consumer, calls for exactly the right mails; again, for none."""

import json
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from service_kit.messages import Message

EXAMPLES = Path(__file__).parents[4] / "contracts" / "examples"
MARIA = "0b6b2a52-9c0e-4f7a-9a39-5a6f0c1d2e3f"
TOM = "7d2f6c0e-58a1-4d0e-9d5c-0c1a6c1f3a11"
# What calls for no mail is not in it. Of these people the event says the oid alone, or the address as well.
EXPECTED = {
    ("account-bus", "update"): {("access_changed", MARIA, "maria.lind@example.com")},
    ("task-bus", "assigned"): {("task_assigned", MARIA, None)},
    ("task-bus", "unassigned"): {("task_unassigned", MARIA, None)},
    ("task-bus", "completed"): {("task_completed", TOM, None)},
    ("task-bus", "commented"): {("task_commented", TOM, None)},
}
MEETING_KINDS = {"invite": "invited", "update": "meeting_changed", "cancel": "meeting_cancelled"}
REMINDER_KINDS = {
    "task_day_before": "task_reminder",
    "task_hour_before": "task_reminder",
    "task_overdue": "task_overdue",
    "meeting_soon": "meeting_reminder",
}


@pytest.fixture
def settings(settings):
    """Examples may be as old as they like."""
    return settings.model_copy(update={"max_event_age_hours": 1_000_000})


@pytest.fixture
def examples(topics):
    """Topic, name, message and value of each example, in the order of their events."""
    found = []
    for topic in topics:
        folder = EXAMPLES / topic.removeprefix("django_db.public.")
        for file in folder.iterdir():
            example = json.loads(file.read_text(encoding="utf-8"))
            if example["value"] is not None:
                found.append((topic, file.stem, message(topic, example), example["value"]))
    return sorted(found, key=lambda it: str(it[3].get("created_at")))


def message(topic, example):
    headers = tuple((name, value.encode()) for name, value in example["headers"].items())
    key, value = (json.dumps(example[part]).encode() for part in ("key", "value"))
    return Message(topic, 0, 0, key, value, headers)


def expected(topic, name, value):
    if people := value.get("data", {}).get("recipients"):
        return {(kind_of(topic, person, value), person["oid"], person["email"]) for person in people}
    return EXPECTED.get((topic, name), set())


def kind_of(topic, person, value):
    if topic == "meeting-bus":
        return MEETING_KINDS[person["action"]]
    return "team_news" if topic == "news-bus" else REMINDER_KINDS[value["data"]["kind"]]


def told(mails):
    return Counter((mail["kind"], str(mail["user_oid"]), mail["recipient"]) for mail in mails)


def of_events(examples):
    return [it for it in examples if not it[0].startswith("django_db")]


async def test_each_example_calls_for_the_mails_that_it_should_and_no_others(
    consumer, examples, send, caught_up, mails
):
    assert {topic for topic, *_ in of_events(examples)} == {
        "account-bus", "meeting-bus", "news-bus", "reminder-bus", "task-bus",
    }  # fmt: skip
    before = Counter()
    async with consumer():
        for topic, name, it, value in of_events(examples):
            send(it)
            await caught_up()
            after = told(await mails())
            assert after - before == Counter(expected(topic, name, value)), (topic, name)
            before = after


async def test_nothing_that_comes_again_is_told_again_from_whatever_offset(
    consumer, examples, send, caught_up, mails, rows, database
):
    history = [it for _topic, _name, it, _value in examples]
    people = "SELECT oid, name, email, role, is_active, deleted, lsn FROM person ORDER BY oid"
    async with consumer():
        send(*history)
        await caught_up()
        first, known = await mails(), await rows(people)
        send(*[it for it in history for _ in range(3)], *reversed(history))
        await caught_up()
    assert len(first) > 30
    assert await mails() == first
    async with database.transaction() as session:
        await session.execute(text("UPDATE consumer_offset SET next_offset = 0"))
    async with consumer():
        await caught_up()
    assert await mails() == first
    again = await rows(people)
    assert [{**row, "lsn": 0} for row in again] == [{**row, "lsn": 0} for row in known]
    assert len(again) >= 2


async def test_a_mail_tells_what_its_templates_show(tell, bus, mails):
    await tell(bus.account(9, "created", name="Anna", surname="Reed"))
    await tell(bus.task(to=1, by=9), bus.news(to=[2]))
    task, news = sorted(await mails(), key=lambda mail: mail["kind"])[::-1][1::-1]
    assert (task["kind"], news["kind"]) == ("task_assigned", "team_news")
    assert task["payload"]["actor_name"] == "Anna Reed"
    assert task["payload"]["task"].keys() == {
        "oid", "title", "project_name", "priority", "status", "deadline", "deadline_time_zone",
    }  # fmt: skip
    assert news["payload"]["news"].keys() == {
        "oid", "title", "body", "organization_name", "team_name", "published_at",
    }  # fmt: skip
