"""The consumer's own tables. Every consuming service has them in its database and its migrations."""

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB


@dataclass(frozen=True, slots=True)
class ConsumerTables:
    """`consumer_offset`: where each partition continues. `parked_event`: messages that could not be
    applied, and those that wait behind them. `snapshot_run`: re-snapshots on their way to the sweep.
    """

    offset: Table
    parked: Table
    snapshot: Table


def define(metadata: MetaData) -> ConsumerTables:
    """Add the tables to a service's metadata, so that its migrations and its code agree on them."""
    return ConsumerTables(_offset(metadata), _parked(metadata), _snapshot(metadata))


def _offset(metadata: MetaData) -> Table:
    return Table(
        "consumer_offset",
        metadata,
        Column("consumer_group", Text, primary_key=True),
        Column("topic", Text, primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("next_offset", BigInteger, nullable=False),
        Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


def _parked(metadata: MetaData) -> Table:
    return Table(
        "parked_event",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("consumer_group", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("kafka_offset", BigInteger, nullable=False),
        Column("key", LargeBinary),
        Column("value", LargeBinary),
        Column("headers", JSONB, nullable=False),
        Column("timestamp_ms", BigInteger, nullable=False),
        Column("reason", Text, nullable=False),
        Column("parked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        UniqueConstraint("consumer_group", "topic", "partition", "kafka_offset"),
        # A hash: a B-tree refuses entries over 2704 bytes, and a key may be as long as it likes.
        Index("ix_parked_event_key", "key", postgresql_using="hash"),
    )


def _snapshot(metadata: MetaData) -> Table:
    return Table(
        "snapshot_run",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("epoch", Integer, primary_key=True),
        Column("lsn", BigInteger, primary_key=True),
        Column("started_ms", BigInteger, nullable=False),
        Column("completed_at", DateTime(timezone=True)),
        Column("required", JSONB),
        Column("swept_at", DateTime(timezone=True)),
    )
