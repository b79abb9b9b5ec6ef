"""Faults, row 9: messages that can never be applied, and messages that cannot be applied at present."""

import json
from collections.abc import AsyncIterator

import pytest

from harness import children
from harness.database import Row
from harness.suite import Consumer, Suite
from harness.topic import Record
from harness.waiting import until

BEHIND = "waits behind an earlier message of its key"
# What is done to a good message of an assignment, and a word of the reason that is kept with it.
POISON = {
    "bad JSON": (lambda value: b'{"id": 7, "project', "truncated"),
    "a wrong type": (lambda value: value | {"project_name": 7}, "project_name"),
    "5 MB": (lambda value: value | {"user_email": "x" * 5_000_000}, "user_email"),
    "an unknown operation": (lambda value: value | {"__op": "x"}, "__op"),
    "truncate": (lambda value: {"__op": "t", "__lsn": 1, "__ts_ms": 1}, "__op"),
    "unavailable": (lambda value: value | {"user_name": "__debezium_unavailable_value"}, "REPLICA IDENTITY"),
}


@pytest.fixture
async def spoiled(running: Suite) -> AsyncIterator[None]:
    """The topic may be spoiled; afterwards nothing of it is left in the topic or in the parking lots."""
    async with running.topic.spoiled():
        yield
        for consumer in running.consumers:
            consumer.projection.sql.run("DELETE FROM parked_event")


async def test_poison_parks_its_key_and_only_its_key(running: Suite, spoiled):
    """Invariant 3: the key is parked with the reason; every other key goes on as if nothing had happened."""
    desk = running.desk()
    place = desk.company.places[0]
    victims = dict(zip(POISON, [desk.assign(who, place) for who in desk.company.people], strict=False))
    running.wait_shown(desk.ledger)
    good = {int(r.key): json.loads(r.value) for r in await running.topic.read(victims.values())}
    poison = [Record(str(id_).encode(), _spoil(kind, good[id_])) for kind, id_ in victims.items()]
    with running.writer() as writer:
        until(lambda: len(writer.ledger.versions) > 30, "the writer is well under way")
        await running.topic.write([*poison, Record(None, b"{}", partition=3)])
        parked = [_wait_parked(consumer, len(poison) + 1) for consumer in running.consumers]
        assert max(running.wait_shown(writer.ledger) for _ in range(5)) < 1
    assert running.problems(writer) == []

    for rows in parked:
        reasons = {row["key"] and int(bytes(row["key"])): row["reason"] for row in rows}
        assert reasons.keys() == {*victims.values(), None}
        assert "no key" in reasons[None]
        assert [kind for kind, id_ in victims.items() if POISON[kind][1] not in reasons[id_]] == []


async def test_a_tombstone_says_nothing(running: Suite, spoiled):
    """Invariant 3: it parks nothing and ends nothing; the key's next change is applied."""
    desk = running.desk()
    assignment = desk.assign(desk.company.people[0], desk.company.places[0])
    running.wait_shown(desk.ledger)
    await running.topic.write([Record(str(assignment).encode(), None)])
    desk.link(assignment, "https://apply.example/after")
    assert running.problems(desk) == []
    assert [_parked(consumer) for consumer in running.consumers] == [[], []]


async def test_what_was_parked_is_redriven_in_order(running: Suite, spoiled):
    """Invariant 3: what comes later waits behind it; once the cause is mended, all is applied, in order.

    The cause is a rule of the service's own database that refuses a name, as a faulty migration would.
    """
    desk = running.desk()
    assignment = desk.assign(desk.company.people[0], desk.company.places[1])
    refused = f"{desk.company.marker} refused"
    running.wait_shown(desk.ledger)
    for consumer in running.consumers:
        rule = f"ALTER TABLE assignment ADD CONSTRAINT faulty CHECK (project_name <> '{refused}')"
        consumer.projection.sql.run(rule)
    try:
        desk.rename_project(desk.company.places[1].project_id, refused)
        for consumer in running.consumers:
            assert "faulty" in _wait_parked(consumer, 1)[0]["reason"]
        desk.link(assignment, "https://apply.example/behind")
        desk.move(assignment, desk.company.places[2])
        for consumer in running.consumers:
            assert [row["reason"] for row in _wait_parked(consumer, 3)[1:]] == [BEHIND, BEHIND]
    finally:
        for consumer in running.consumers:
            consumer.projection.sql.run("ALTER TABLE assignment DROP CONSTRAINT faulty")
    for consumer in running.consumers:
        redriven = _do(running, consumer, "redrive", "--key", str(assignment))
        assert redriven == {"applied": 3, "still_parked": 0}
    assert running.problems(desk) == []
    for consumer in running.consumers:
        shown = [entry.state for entry in consumer.projection.applied([assignment])]
        assert [state["project_name"] == refused for state in shown] == [False, True, True, True]


async def test_a_discarded_key_goes_on_with_its_next_change(running: Suite, spoiled):
    """Invariant 3: an operator gives up what can never be applied; the next change heals the row."""
    desk = running.desk()
    assignment = desk.assign(desk.company.people[0], desk.company.places[0])
    running.wait_shown(desk.ledger)
    await running.topic.write([Record(str(assignment).encode(), b"not JSON")])
    for consumer in running.consumers:
        _wait_parked(consumer, 1)
        assert _do(running, consumer, "list")["key"] == str(assignment)
        assert _do(running, consumer, "discard", "--key", str(assignment)) == {"discarded": 1}
    desk.link(assignment, "https://apply.example/healed")
    assert running.problems(desk) == []


def _spoil(kind: str, value: dict) -> bytes:
    spoiled = POISON[kind][0](value)
    return spoiled if isinstance(spoiled, bytes) else json.dumps(spoiled).encode()


def _parked(consumer: Consumer) -> list[Row]:
    query = "SELECT key, reason FROM parked_event ORDER BY partition, kafka_offset"
    return consumer.projection.sql.rows(query)


def _wait_parked(consumer: Consumer, count: int) -> list[Row]:
    what = f"{consumer} parks {count} messages"
    return until(lambda: len(rows := _parked(consumer)) >= count and rows, what)


def _do(running: Suite, consumer: Consumer, *command: str) -> dict:
    """What an operator's command prints, when that is one line."""
    done = children.run(running.stack, consumer.package, "parked", *command)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
