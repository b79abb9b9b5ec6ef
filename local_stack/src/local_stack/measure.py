"""What is measured for `status`: from the databases, Connect and Kafka, never from a service itself.

Every measurement stands alone: what cannot be measured carries the reason instead of a value.
"""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from connector import definition
from connector.rest import connect
from local_stack import postgres

if TYPE_CHECKING:
    from local_stack.environment import Context

T = TypeVar("T")
_TIMEOUT_SECONDS = 5.0
_FETCH_SECONDS = 1.0
_SLOTS = """
    SELECT slot_name, active, wal_status, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint
    FROM pg_replication_slots WHERE slot_name = ANY($1)
"""
_OFFSETS = "SELECT consumer_group, topic, partition, next_offset FROM consumer_offset"


@dataclass(frozen=True, slots=True)
class Measured(Generic[T]):
    """A value, or why there is none."""

    value: T | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ConnectorStates:
    """As Connect reports them, e.g. RUNNING; they say little about progress."""

    connector: str
    task: str


@dataclass(frozen=True, slots=True)
class Slot:
    """The replication slot: `lag_bytes` is the WAL that Debezium has not confirmed yet."""

    active: bool
    wal_status: str
    lag_bytes: int


@dataclass(frozen=True, slots=True)
class ConsumerLag:
    """One consumer group: messages not applied yet, and the age of the oldest of them in seconds."""

    group: str
    messages: int
    age_seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is measured. `heartbeat_age` is in seconds, by the source database's clock.

    Connectors and their slots are by name; a slot that is missing is not there.
    """

    connectors: Measured[Mapping[str, ConnectorStates]] = field(default_factory=Measured)
    slots: Measured[Mapping[str, Slot]] = field(default_factory=Measured)
    heartbeat_age: Measured[float] = field(default_factory=Measured)
    consumers: Measured[list[ConsumerLag]] = field(default_factory=Measured)
    parked: Measured[Mapping[str, int]] = field(default_factory=Measured)
    mails: Measured[Mapping[str, int]] = field(default_factory=Measured)


async def measure(context: "Context") -> Report:
    """Measure everything at the same time, within a few seconds."""
    return Report(
        *await asyncio.gather(
            _try(_connectors(context)),
            _try(_slots(context)),
            _try(_heartbeat_age(context)),
            _try(_consumers(context)),
            _try(_parked(context)),
            _try(_mails(context)),
        )
    )


async def _try(measurement: Awaitable[T]) -> Measured[T]:
    try:
        return Measured(await asyncio.wait_for(measurement, _TIMEOUT_SECONDS))
    except asyncpg.UndefinedTableError:
        return Measured(problem="not migrated")
    except TimeoutError:
        return Measured(problem="no answer")
    except Exception as error:  # noqa: BLE001 (whatever a client raises is what there is to report)
        return Measured(problem=str(error).partition("\n")[0] or type(error).__name__)


async def _connectors(context: "Context") -> Mapping[str, ConnectorStates]:
    names = [it.name for it in definition.load_all()]
    async with connect(context.exported["CONNECT_URL"]) as worker:
        found = [await worker.status(name) for name in names]
    missing = ConnectorStates("missing", "missing")
    states = [ConnectorStates(it.connector, it.task) if it else missing for it in found]
    return dict(zip(names, states, strict=True))


async def _slots(context: "Context") -> Mapping[str, Slot]:
    names = [it.slot for it in definition.load_all()]
    rows = await _query(context, "USER_TEAM", _SLOTS, names)
    return {name: Slot(*rest) for name, *rest in rows}


async def _heartbeat_age(context: "Context") -> float:
    rows = await _query(
        context, "USER_TEAM", "SELECT extract(epoch FROM now() - ts)::float FROM debezium_heartbeat"
    )
    if not rows:
        raise LookupError("none yet")
    return rows[0][0]


async def _parked(context: "Context") -> Mapping[str, int]:
    """Parked messages by consumer group."""
    statement = "SELECT consumer_group, count(*) FROM parked_event GROUP BY 1"
    return {row["consumer_group"]: row["count"] for row in await _of_consumers(context, statement)}


async def _mails(context: "Context") -> Mapping[str, int]:
    """Mails by state."""
    statement = "SELECT state, count(*) FROM notification GROUP BY 1"
    return {row["state"]: row["count"] for row in await _query(context, "NOTIFICATION", statement)}


async def _consumers(context: "Context") -> list[ConsumerLag]:
    stored: dict[str, dict[TopicPartition, int]] = {}
    for group, topic, partition, offset in await _of_consumers(context, _OFFSETS):
        stored.setdefault(group, {})[TopicPartition(topic, partition)] = offset
    consumer = AIOKafkaConsumer(bootstrap_servers=context.exported["KAFKA_BOOTSTRAP_SERVERS"])
    try:
        await consumer.start()
        return [await _lag(consumer, group, offsets) for group, offsets in sorted(stored.items())]
    finally:
        await consumer.stop()


async def _lag(consumer: AIOKafkaConsumer, group: str, offsets: Mapping[TopicPartition, int]) -> ConsumerLag:
    ends = await consumer.end_offsets(list(offsets))
    behind = {partition: offset for partition, offset in offsets.items() if ends[partition] > offset}
    messages = sum(ends[partition] - offset for partition, offset in behind.items())
    return ConsumerLag(group, messages, await _age(consumer, behind))


async def _age(consumer: AIOKafkaConsumer, behind: Mapping[TopicPartition, int]) -> float:
    """How old the oldest message at these offsets is; 0 if there are none."""
    if not behind:
        return 0.0
    consumer.assign(list(behind))
    for partition, offset in behind.items():
        consumer.seek(partition, offset)
    first: dict[TopicPartition, int] = {}
    deadline = time.monotonic() + _FETCH_SECONDS
    while len(first) < len(behind) and time.monotonic() < deadline:
        for partition, messages in (await consumer.getmany(timeout_ms=200, max_records=1)).items():
            first.setdefault(partition, messages[0].timestamp)
    return max((time.time() - stamp / 1000 for stamp in first.values()), default=0.0)


async def _of_consumers(context: "Context", statement: str) -> list[asyncpg.Record]:
    task_meeting = await _query(context, "TASK_MEETING", statement)
    return task_meeting + await _query(context, "NOTIFICATION", statement)


async def _query(
    context: "Context", service: str, statement: str, *arguments: object
) -> list[asyncpg.Record]:
    connection = await postgres.connect(context, context.exported[f"{service}_DB_NAME"])
    try:
        return await connection.fetch(statement, *arguments)
    finally:
        await connection.close()
