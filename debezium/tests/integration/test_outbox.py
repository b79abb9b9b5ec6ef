"""An outbox's connector on the real Connect: it begins at its slot, and asks before it leaves a gap."""

import uuid
from contextlib import suppress
from dataclasses import replace

import asyncpg
import httpx2
import pytest

from connector import definition
from connector.definition import Definition
from connector.errors import ConnectorError
from connector.register import accept_gap, register, register_all
from local_stack.testing import Stack

from .conftest import Source
from .test_register import PATIENCE, messages

SCHEMA = """
    REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text, boolean) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text, boolean) TO debezium;
    CREATE TABLE outbox_event (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), topic text, key text, type text, payload jsonb,
        traceparent text
    );
    CREATE PUBLICATION task_outbox_pub FOR TABLE outbox_event WITH (publish = 'insert');
"""
INSERT = "INSERT INTO outbox_event (topic, key, type, payload) VALUES ($1, 'k', 'thing.done.v1', $2)"


@pytest.fixture
async def outbox(source: Source) -> Source:
    """The source with an outbox, whose slot is older than its table."""
    name = source.definition.name
    await source.connection.execute("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", name)
    await source.connection.execute(SCHEMA)
    return replace(source, definition=_definition(name))


def _definition(name: str) -> Definition:
    """The real definition with names of its own, a faster heartbeat, and topics of one partition."""
    _, _, real = definition.load_all()
    changes = {
        "database.dbname": name,
        "slot.name": name,
        "topic.prefix": name,
        "predicates.isEvent.pattern": rf"{name}\.public\.outbox_event",
        "topic.creation.events.partitions": "1",
        "heartbeat.interval.ms": "300",
    }
    return Definition(name, {**real.config, **changes})


async def emit(outbox: Source, topic: str, *payloads: str) -> None:
    for payload in payloads:
        await outbox.connection.execute(INSERT, topic, payload)
        await outbox.connection.execute("DELETE FROM outbox_event")


async def drop_slot(stack: Stack, outbox: Source) -> None:
    """As an accident would, while the connector is not reading."""
    async with httpx2.AsyncClient(base_url=stack.connect_url) as client:
        await client.put(f"/connectors/{outbox.definition.name}/stop")
    dropped = False
    while not dropped:
        await outbox.connection.execute("SELECT pg_sleep(0.05)")
        with suppress(asyncpg.ObjectInUseError):
            await outbox.connection.execute("SELECT pg_drop_replication_slot($1)", outbox.definition.slot)
            dropped = True


async def test_a_lost_slot_is_refused_until_somebody_accepts_the_gap(stack: Stack, outbox: Source) -> None:
    topic = f"events-{uuid.uuid4().hex}"
    await emit(outbox, topic, '"before the connector"')
    await register(outbox.settings, outbox.definition, patience=PATIENCE)
    await emit(outbox, topic, '{"nothing": null, "mixed": [1, "two", null, {}]}')
    assert [message.value for message in await messages(stack, topic, 2)] == [
        b'"before the connector"',
        b'{"mixed": [1, "two", null, {}], "nothing": null}',
    ]

    await drop_slot(stack, outbox)
    await emit(outbox, topic, '"in the gap"')
    with pytest.raises(ConnectorError, match=r"slot .* is missing, .*--accept-gap"):
        await register(outbox.settings, outbox.definition, patience=PATIENCE)
    assert await accept_gap(outbox.settings, outbox.definition)
    await emit(outbox, topic, '"after it"')
    await register(outbox.settings, outbox.definition, patience=PATIENCE)
    assert (await messages(stack, topic, 3))[-1].value == b'"after it"'


async def test_no_gap_is_accepted_where_there_is_none(stack: Stack, outbox: Source) -> None:
    """The command is given once more, or to the wrong connector: its slot has events that nobody has read."""
    topic = f"events-{uuid.uuid4().hex}"
    assert not await accept_gap(outbox.settings, outbox.definition)
    await register(outbox.settings, outbox.definition, patience=PATIENCE)
    async with httpx2.AsyncClient(base_url=stack.connect_url) as client:
        await client.put(f"/connectors/{outbox.definition.name}/stop")
    await emit(outbox, topic, '"not read yet"')
    assert not await accept_gap(outbox.settings, outbox.definition)
    await register(outbox.settings, outbox.definition, patience=PATIENCE)
    assert [message.value for message in await messages(stack, topic, 1)] == [b'"not read yet"']


async def test_a_slot_that_was_made_anew_is_a_gap_that_can_be_accepted(stack: Stack, outbox: Source) -> None:
    topic = f"events-{uuid.uuid4().hex}"
    await emit(outbox, topic, '"before"')
    await register(outbox.settings, outbox.definition, patience=PATIENCE)
    await messages(stack, topic, 1)
    await drop_slot(stack, outbox)
    await emit(outbox, topic, '"in the gap"')
    await outbox.connection.execute(
        "SELECT pg_create_logical_replication_slot($1, 'pgoutput')", outbox.definition.slot
    )
    with pytest.raises(ConnectorError, match=r"made anew .*--accept-gap"):
        await register(outbox.settings, outbox.definition, patience=PATIENCE)
    assert await accept_gap(outbox.settings, outbox.definition)
    await emit(outbox, topic, '"after it"')
    await register(outbox.settings, outbox.definition, patience=PATIENCE)
    assert [message.value for message in await messages(stack, topic, 2)] == [b'"before"', b'"after it"']


async def test_one_that_fails_does_not_stop_the_others(outbox: Source) -> None:
    broken = Definition("nowhere", {**outbox.definition.config, "database.dbname": "nowhere"})
    outcomes = {
        one.name: error
        async for one, error in register_all(outbox.settings, [broken, outbox.definition], patience=PATIENCE)
    }
    assert "does not exist" in str(outcomes["nowhere"])
    assert outcomes[outbox.definition.name] is None


async def test_an_idle_outbox_keeps_no_log_beside_a_busy_neighbour(outbox: Source) -> None:
    """Faults, row 12: the heartbeat confirms what others write."""
    await register(outbox.settings, outbox.definition, patience=PATIENCE)
    await outbox.connection.execute(
        "CREATE TABLE busy AS SELECT repeat('x', 900) FROM generate_series(1, 9000)"
    )
    written = await outbox.connection.fetchval("SELECT pg_current_wal_lsn()")
    confirmed = "SELECT confirmed_flush_lsn >= $2 FROM pg_replication_slots WHERE slot_name = $1"
    for _ in range(100):
        if await outbox.connection.fetchval(confirmed, outbox.definition.slot, written):
            return
        await outbox.connection.execute("SELECT pg_sleep(0.1)")
    pytest.fail("the slot does not move on")
