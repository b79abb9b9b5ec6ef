"""Business events: rows that Debezium's outbox event router turns into messages.

A row is inserted and deleted in the same transaction, so the table stays empty: the insert stands in the
write-ahead log, and that is all that Debezium reads (docs/adr/0014-outbox.md).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column, DateTime, MetaData, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB

from service_kit.db import WriteSession
from service_kit.tracing import current_traceparent

_INSERT = text(
    "INSERT INTO outbox_event (id, topic, key, type, payload, traceparent)"
    " SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:topics AS text[]), CAST(:keys AS text[]),"
    " CAST(:types AS text[]), CAST(:payloads AS jsonb[]), CAST(:traces AS text[]))"
)
_DELETE = text("DELETE FROM outbox_event WHERE id = ANY(CAST(:ids AS uuid[]))")


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
    return Table(
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


async def emit(session: WriteSession, events: Sequence[Event]) -> None:
    """Send events when, and only when, the caller's transaction commits. Their order is kept for each key."""
    if not events:
        return
    ids = [event.uid for event in events]
    trace = current_traceparent()
    await session.execute(
        _INSERT,
        {
            "ids": ids,
            "topics": [event.topic for event in events],
            "keys": [event.key for event in events],
            "types": [event.type for event in events],
            "payloads": [json.dumps(event.payload, ensure_ascii=False) for event in events],
            "traces": [trace] * len(events),
        },
    )
    await session.execute(_DELETE, {"ids": ids})
