"""The outbox on a real PostgreSQL: what its log holds for Debezium, and that the table stays empty."""

import json
import re
import uuid
from contextlib import suppress

import asyncpg
import pytest
from sqlalchemy import text

from service_kit import outbox
from service_kit.db import metadata
from service_kit.outbox import MAX_BYTES, Event, EventTooLargeError, emit
from service_kit.tracing import traced

METADATA = metadata()
outbox.define(METADATA)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
# The log's inserts, as pgoutput delivers them: only what is committed, in the order of the commits.
CHANGES = """
    SELECT data FROM pg_logical_slot_get_binary_changes($1, NULL, NULL,
        'proto_version', '1', 'publication_names', 'outbox_pub')
"""


@pytest.fixture(scope="module")
async def template(template_of):
    async with template_of("outbox", METADATA) as template:
        yield template


@pytest.fixture
async def sent(database):
    """Asks for the events that were committed since the last call: (key, type, payload, traceparent)."""
    slot = f"outbox_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(
        database._url.set(drivername="postgresql").render_as_string(hide_password=False)
    )
    await connection.execute("CREATE PUBLICATION outbox_pub FOR TABLE outbox_event WITH (publish = 'insert')")
    await connection.fetchval("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", slot)

    async def rows():
        assert await connection.fetchval("SELECT count(*) FROM outbox_event") == 0
        changes = [change["data"] for change in await connection.fetch(CHANGES, slot)]
        values = [columns(change) for change in changes if change[:1] == b"I"]
        return [(key, type_, json.loads(payload), trace) for _, _, key, type_, payload, trace, _ in values]

    yield rows
    await connection.execute("SELECT pg_drop_replication_slot($1)", slot)
    await connection.close()


def columns(insert: bytes) -> list[str | None]:
    """The values of an insert (PostgreSQL documentation, "Logical Replication Message Formats")."""
    count, place, values = int.from_bytes(insert[6:8]), 8, []
    for _ in range(count):
        kind, length = insert[place : place + 1], 0
        if kind == b"t":
            length = int.from_bytes(insert[place + 1 : place + 5]) + 4
            values.append(insert[place + 5 : place + 1 + length].decode())
        else:
            values.append(None)
        place += 1 + length
    return values


def event(number, key="a"):
    return Event("things", key, "thing.done.v1", {"number": number, "nothing": None, "word": "Ёлка"})


async def test_events_are_sent_in_their_order_and_with_their_transaction(database, sent):
    async with database.transaction() as session:
        await emit(session, [event(number) for number in range(30)])
        await emit(session, [])
        await emit(session, [event(30, "b")])
        assert (await session.execute(text("SELECT count(*) FROM outbox_event"))).scalar() == 0
    events = await sent()
    assert [payload for _, _, payload, _ in events] == [event(number).payload for number in range(31)]
    assert [key for key, *_ in events] == ["a"] * 30 + ["b"]
    assert {type_ for _, type_, _, _ in events} == {"thing.done.v1"}


async def test_what_is_rolled_back_is_not_sent(database, sent):
    with suppress(RuntimeError):
        async with database.transaction() as session:
            await emit(session, [event(1)])
            raise RuntimeError
    async with database.transaction() as session:
        undone = await session.begin_nested()
        await emit(session, [event(2)])
        await undone.rollback()
        await emit(session, [event(3)])
    assert [payload["number"] for _, _, payload, _ in await sent()] == [3]


async def test_what_the_producer_would_refuse_is_not_committed(database, sent):
    """It would refuse all that follows, too."""
    empty = len(json.dumps({"word": ""}))
    fits, large = (
        Event("things", "a", "thing.said.v1", {"word": "x" * (MAX_BYTES - empty + more)}) for more in (0, 1)
    )
    async with database.transaction() as session:
        await emit(session, [fits])
    with pytest.raises(EventTooLargeError, match=f"thing.said.v1 of a has {MAX_BYTES + 1} bytes"):
        async with database.transaction() as session:
            await emit(session, [event(1), large])
    assert [len(payload["word"]) for _, _, payload, _ in await sent()] == [MAX_BYTES - empty]


async def test_an_event_belongs_to_the_callers_trace_or_begins_one(database, sent):
    for parent in (TRACE, None):
        with traced(parent):
            async with database.transaction() as session:
                await emit(session, [event(1)])
    async with database.transaction() as session:
        await emit(session, [event(1)])
    callers, *own = [trace for *_, trace in await sent()]
    assert callers.split("-")[1] == TRACE.split("-")[1]
    assert callers != TRACE
    assert len({trace.split("-")[1] for trace in (callers, *own)}) == 3
    assert all(re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace) for trace in (callers, *own))
