"""Business events: rows that Debezium's outbox event router turns into messages.

The table empties itself: a trigger deletes at once what is inserted. The insert stands in the write-ahead
log, which is all that Debezium reads (docs/adr/0014-outbox.md).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import DDL, Column, DateTime, MetaData, Table, Text, Uuid, event, func, text
from sqlalchemy.dialects.postgresql import JSONB

from service_kit.db import WriteSession
from service_kit.tracing import current_traceparent, traced

EMPTYING = (
    """
    CREATE FUNCTION empty_outbox() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
    BEGIN
        DELETE FROM outbox_event WHERE id = ANY (ARRAY(SELECT id FROM inserted));
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER empty_outbox AFTER INSERT ON outbox_event REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION empty_outbox()
    """,
)
"""What a service's migration executes after it has created the table.

By the index, always: a table that is always empty looks cheap to scan, and may be full of dead rows.
"""

# Of JSON. The producer's own limit is 1 MiB, for a message with its key and headers.
MAX_BYTES = 1_000_000

_INSERT = text(
    "INSERT INTO outbox_event (id, topic, key, type, payload, traceparent)"
    " SELECT id, topic, key, type, payload, :trace FROM unnest(CAST(:ids AS uuid[]), CAST(:topics AS text[]),"
    " CAST(:keys AS text[]), CAST(:types AS text[]), CAST(:payloads AS jsonb[]))"
    " WITH ORDINALITY AS event (id, topic, key, type, payload, place) ORDER BY place"
)


class EventTooLargeError(Exception):
    """Kafka's producer would refuse the event, and with it all that follow: no transaction may commit it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One message to be: `topic` and `key` say where it goes, `type` is `noun.verb-past.vN`.

    `payload` is the message's value; its JSON must hold no NUL character. `uid` identifies the event.
    """

    topic: str
    key: str
    type: str
    payload: Mapping[str, Any]
    uid: UUID = field(default_factory=uuid4)


def define(metadata: MetaData) -> Table:
    """Add the outbox to a service's metadata, so that its migrations and its code agree on it."""
    table = Table(
        "outbox_event",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("payload", JSONB, nullable=False),
        Column("traceparent", Text),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )
    for statement in EMPTYING:
        event.listen(table, "after_create", DDL(statement))  # type: ignore[no-untyped-call]
    return table


async def emit(session: WriteSession, events: Sequence[Event]) -> None:
    """Send events when, and only when, the caller's transaction commits; in this order, in one statement.

    Each carries the trace of the work at hand, or the beginning of a new one.

    Raises:
        EventTooLargeError: one has more than `MAX_BYTES`.
    """
    if not events:
        return
    with traced(current_traceparent()):
        trace = current_traceparent()
    await session.execute(
        _INSERT,
        {
            "trace": trace,
            "ids": [event.uid for event in events],
            "topics": [event.topic for event in events],
            "keys": [event.key for event in events],
            "types": [event.type for event in events],
            "payloads": [_written(event) for event in events],
        },
    )


def _written(event: Event) -> str:
    payload = json.dumps(event.payload, ensure_ascii=False)
    if (size := len(payload.encode())) > MAX_BYTES:
        raise EventTooLargeError(f"{event.type} of {event.key} has {size} bytes, more than {MAX_BYTES}")
    return payload
