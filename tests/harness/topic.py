"""The real topic, as somebody sees it who may read it all and write into it."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from connector.contracts import load_topics

NAME = "django_db.public.teams_userassignment"
_LARGEST = 20_000_000


class Record(NamedTuple):
    """One message; without a partition it goes where Debezium would have put its key."""

    key: bytes | None
    value: bytes | None
    headers: Collection[tuple[str, bytes]] = ()
    partition: int | None = None


class Topic:
    """The topic of the assignments on a stack's broker."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._servers = bootstrap_servers
        self._contract = next(topic for topic in load_topics() if topic.name == NAME)
        self._places = [TopicPartition(NAME, number) for number in range(self._contract.partitions)]

    async def read(self, keys: Collection[int], since: Mapping[int, int] | None = None) -> list[Record]:
        """Every message about these assignments, in order within each partition.

        Args:
            since: partition → the first offset of interest; without it, all that the topic holds.
        """
        wanted = {str(key).encode() for key in keys}
        records: list[Record] = []
        async with AIOKafkaConsumer(bootstrap_servers=self._servers) as consumer:
            consumer.assign(self._places)
            await consumer.seek_to_beginning()
            for partition, offset in (since or {}).items():
                consumer.seek(TopicPartition(NAME, partition), offset)
            ends = await consumer.end_offsets(self._places)
            while any([await consumer.position(place) < ends[place] for place in self._places]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    records += [
                        Record(m.key, m.value, m.headers, m.partition) for m in batch if m.key in wanted
                    ]
        return records

    async def write(self, records: Iterable[Record]) -> None:
        """Send messages, one after the other."""
        options = {"bootstrap_servers": self._servers, "max_request_size": _LARGEST, "acks": "all"}
        async with AIOKafkaProducer(**options) as producer:
            sent = [
                await producer.send(NAME, value, key, partition, headers=list(headers))
                for key, value, headers, partition in records
            ]
            await asyncio.gather(*sent)

    async def beginnings(self) -> dict[int, int]:
        """Partition → the first offset that it holds."""
        async with AIOKafkaConsumer(bootstrap_servers=self._servers) as consumer:
            found = await consumer.beginning_offsets(self._places)
        return {place.partition: offset for place, offset in found.items()}

    async def ends(self) -> dict[int, int]:
        """Partition → the offset that its next message will get."""
        async with AIOKafkaConsumer(bootstrap_servers=self._servers) as consumer:
            found = await consumer.end_offsets(self._places)
        return {place.partition: offset for place, offset in found.items()}

    @asynccontextmanager
    async def spoiled(self) -> AsyncIterator[None]:
        """The topic takes messages of any size, and without a key, in the block.

        What it holds at the end is deleted, so that nobody who reads it from its beginning finds that.
        """
        # A compacted topic refuses messages without a key, and to delete its messages.
        await self._configure({"max.message.bytes": str(_LARGEST), "cleanup.policy": "delete"})
        try:
            yield
        finally:
            await self._empty()
            await self._configure({})

    async def _empty(self) -> None:
        ends = await self.ends()
        async with self._admin() as admin:
            await admin.delete_records(
                {place: RecordsToDelete(ends[place.partition]) for place in self._places}
            )

    async def _configure(self, extra: Mapping[str, str]) -> None:
        # This call replaces the whole configuration.
        config = {**self._contract.config, **extra}
        async with self._admin() as admin:
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, NAME, config)])

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()
