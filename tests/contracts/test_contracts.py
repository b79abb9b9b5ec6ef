"""Invariant 5: services know of each other only what contracts/ says, and all of them understand it."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from ical.calendar_stream import IcsCalendarStream
from jsonschema import Draft202012Validator

from notification.handlers import build_routes
from notification.service.record import ChangeRecorder
from notification.service.rules import rules_for
from service_kit.clock import SystemClock
from service_kit.messages import Message
from task_meeting import handlers as task_meeting

ROOT = Path(__file__).parents[2]
RECORDER = ChangeRecorder(
    clock=SystemClock(), max_event_age=timedelta(hours=1), notify_renames=False, mail_domain="example.com"
)
# Each consumer's table "topic → handler".
ROUTES = {
    "task_meeting_service": lambda: task_meeting.ROUTES,
    "notification_service": lambda: build_routes(RECORDER),
}
KINDS = {"create", "update", "snapshot", "delete", "tombstone", "without-team", "cyrillic"}


def routes_of(build) -> dict:
    return {route.topic: route for route in build()}


def to_message(topic: str, example: dict) -> Message:
    value = None if example["value"] is None else json.dumps(example["value"]).encode()
    headers = tuple((name, text.encode()) for name, text in example["headers"].items())
    return Message(topic, 0, 0, json.dumps(example["key"]).encode(), value, headers, 1_772_442_845_140)


def test_a_topic_is_described_whole(contract):
    topic = contract.topic
    assert (ROOT / topic["owner"]).is_dir()
    assert topic["partitions"] >= 1
    assert topic["config"]["cleanup.policy"] in {"compact", "delete"}
    for consumer in topic["consumers"]:
        assert (ROOT / consumer["service"]).is_dir()
        assert consumer["group"]


def test_the_schema_is_a_schema(contract):
    Draft202012Validator.check_schema(contract.validator.schema)


def test_every_kind_of_change_has_an_example(assignments):
    assert set(assignments.examples) >= KINDS


def test_every_example_validates(contract):
    for name, example in contract.examples.items():
        if example["value"] is not None:
            errors = [error.message for error in contract.validator.iter_errors(example["value"])]
            assert not errors, name
            assert example["value"][contract.topic["key"]["member"]] == example["key"], name


def test_every_type_of_event_has_an_example(events):
    assert {example["headers"]["type"] for example in events.examples.values()} == set(events.topic["types"])


def test_the_headers_of_an_event_are_those_of_its_contract(events):
    for name, example in events.examples.items():
        assert example["headers"].keys() == events.topic["headers"].keys(), name
        assert example["headers"]["id"] == example["value"]["uid"], name


def test_the_calendar_objects_of_the_examples_say_what_the_events_say(contracts):
    """To a strict parser: whom they are for, which meeting it is, and which of its changes."""
    for name, example in contracts["meeting-bus"].examples.items():
        data = example["value"]["data"]
        for method, actions in (("request", {"invite", "update"}), ("cancel", {"cancel"})):
            told = {it["email"] for it in data["recipients"] if it["action"] in actions}
            assert bool(told) == (data["calendar"][method] is not None), name
            if not told:
                continue
            calendar = IcsCalendarStream.calendar_from_ics(data["calendar"][method])
            first = calendar.events[0]
            assert calendar.method == method.upper(), name
            assert first.uid == f"meeting-{data['oid']}@team-suite", name
            assert (first.sequence, first.summary) == (data["sequence"], data["title"]), name
            assert first.dtstart == datetime.fromisoformat(data["start"]), name
            assert {it.uri.removeprefix("mailto:") for it in first.attendees} >= told, name


BROKEN = {
    "no id": {"id": None},
    "a team without a name": {"team_name": None},
    "a name without a team": {"team_id": None},
    "not a UUID": {"user_oid": "42"},
    "an unknown operation": {"__op": "t"},
    "a link that runs": {"application_url": "javascript:alert(1)"},
    "an unknown role": {"user_role": "root"},
    "an import without an id": {"import_oid": "people.csv"},
}
BROKEN_EVENTS = {
    "no event": {"uid": None},
    "another form": {"version": 2},
    "an unknown type": {"type": "truncate"},
    "no data": {"data": {}},
    "a time without a zone": {"created_at": "2026-11-21T10:00:00.123"},
}
WHOLE = {"meeting-bus": "scheduled", "news-bus": "organization", "reminder-bus": "task-day-before"}
BROKEN_DATA = {
    "meeting-bus": {
        "an unknown action": {"recipients": [{"oid": "1", "action": "shout"}]},
        "no calendar object for whoever is invited": {"calendar": {"request": None, "cancel": None}},
        "no calendar": {"calendar": {"request": "BEGIN:VEVENT", "cancel": None}},
        "local time without an offset": {"start": "2026-11-23T10:00:00"},
        "an unknown state": {"status": "planned"},
    },
    "news-bus": {
        "a person without an address": {"recipients": [{"oid": "0b6b2a52-9c0e-4f7a-9a39-5a6f0c1d2e3f"}]},
        "a team without a name": {"team_oid": "c2e9d8b7-1a43-4e6f-b0d5-8f7a6c5b4d3e"},
        "a name without a team": {"team_name": "Ledger"},
        "it is not published": {"published_at": None},
        "it says nothing": {"body": ""},
    },
    "reminder-bus": {
        "an unknown kind": {"kind": "task_soon"},
        "of another kind": {"kind": "meeting_soon", "meeting": None},
        "nobody to remind": {"recipients": []},
        "it never expires": {"expires_at": None},
    },
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN.keys())
def test_the_schema_refuses_what_is_wrong(assignments, change):
    assert not assignments.validator.is_valid(assignments.examples["create"]["value"] | change)


@pytest.mark.parametrize("change", BROKEN_EVENTS.values(), ids=BROKEN_EVENTS.keys())
def test_the_schema_of_an_event_refuses_what_is_wrong(events, change):
    for name, example in events.examples.items():
        assert not events.validator.is_valid(example["value"] | change), name


@pytest.mark.parametrize("topic", BROKEN_DATA)
def test_the_schema_of_an_event_refuses_data_that_is_wrong(contracts, topic):
    validator, whole = contracts[topic].validator, contracts[topic].examples[WHOLE[topic]]["value"]
    for name, change in BROKEN_DATA[topic].items():
        assert not validator.is_valid(whole | {"data": whole["data"] | change}), name


def test_every_consumer_reads_every_example(contract):
    for consumer in contract.topic["consumers"]:
        decode = routes_of(ROUTES[consumer["service"]])[contract.topic["topic"]].decode
        for name, example in contract.examples.items():
            change = decode(to_message(contract.topic["topic"], example))
            if example["value"] is None:
                assert change is None
                continue
            if "types" in contract.topic:
                if change is None:
                    # What the notifier mails nobody about it need not read.
                    assert consumer["service"] == "notification_service", name
                    assert not rules_for(example["headers"]["type"]), name
                    continue
                assert str(change.uid) == example["headers"]["id"], (consumer["service"], name)
                continue
            assert change.row.id == example["value"]["id"], (consumer["service"], name)
            assert change.deleted == (example["value"]["__op"] == "d")
            assert change.row.user_name == example["value"]["user_name"]


def test_no_consumer_reads_a_topic_that_no_contract_gives_it(contracts):
    named = {
        (consumer["service"], topic) for topic, c in contracts.items() for consumer in c.topic["consumers"]
    }
    read = {(service, topic) for service, build in ROUTES.items() for topic in routes_of(build)}
    assert read == named
