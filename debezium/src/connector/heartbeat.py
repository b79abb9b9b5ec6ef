"""The one sign of life that proves progress: Debezium's heartbeat messages.

A connector is RUNNING even while it retries the same error for ever. A heartbeat has gone the whole
way: Debezium is past its snapshot and reads the log, and Connect writes to Kafka.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError

from connector.topics import unreachable


class Heartbeats:
    """Counts the messages of one heartbeat topic, which Connect creates with the first one."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str) -> None:
        self._consumer = consumer
        self._partition = TopicPartition(topic, 0)

    async def count(self) -> int:
        """How many messages the topic has had so far."""
        if self._partition.topic not in await self._consumer.topics():
            return 0
        return (await self._consumer.end_offsets([self._partition]))[self._partition]


@asynccontextmanager
async def heartbeats(bootstrap_servers: str, topic: str) -> AsyncIterator[Heartbeats]:
    """Watch a heartbeat topic.

    Raises:
        ConnectorError: Kafka is out of reach.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    try:
        await consumer.start()
        yield Heartbeats(consumer, topic)
    except KafkaConnectionError as error:
        raise unreachable(bootstrap_servers) from error
    finally:
        await consumer.stop()
