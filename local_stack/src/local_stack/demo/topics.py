"""Business events on their topics, as any consumer of them sees them: followed live, and never taken away."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from connector.contracts import load_topics

TASKS, REASSIGNMENTS, ACCOUNTS, MEETINGS, REMINDERS = EVENT_TOPICS = (
    *("task-bus", "reassign-task-bus", "account-bus"),
    *("meeting-bus", "reminder-bus"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """One message. `type` and `uid` are its headers; `seen_at` is when a consumer had it (aware)."""

    topic: str
    key: str
    type: str
    uid: str
    payload: Mapping[str, Any]
    seen_at: datetime

    @property
    def created_at(self) -> datetime:
        """When the transaction wrote it, which is shortly before that was committed."""
        return datetime.fromisoformat(self.payload["created_at"])


@dataclass(frozen=True, slots=True)
class Followed:
    """Everything that has come on the topics since they were followed, in the order of its coming."""

    events: list[Event] = field(default_factory=list)

    def of(self, topic: str) -> list[Event]:
        return [event for event in self.events if event.topic == topic]


@asynccontextmanager
async def follow(bootstrap_servers: str, topics: Iterable[str] = EVENT_TOPICS) -> AsyncIterator[Followed]:
    """Follow topics from their ends on, inside the block; belongs to no consumer group."""
    followed = Followed()
    names = set(topics)
    places = [
        TopicPartition(topic.name, number)
        for topic in load_topics()
        if topic.name in names
        for number in range(topic.partitions)
    ]
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap_servers) as consumer:
        consumer.assign(places)
        await consumer.seek_to_end(*places)
        task = asyncio.create_task(_take(consumer, followed))
        try:
            yield followed
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _take(consumer: AIOKafkaConsumer, followed: Followed) -> None:
    async for record in consumer:
        followed.events.append(_event(record))


def _event(record: ConsumerRecord) -> Event:
    headers = {name: value.decode() for name, value in record.headers}
    return Event(
        topic=record.topic,
        key=record.key.decode(),
        type=headers["type"],
        uid=headers["id"],
        payload=json.loads(record.value),
        seen_at=datetime.now(UTC),
    )
