"""The real source: aiokafka behind the contract of `consumer.source`, with safe defaults."""

from collections.abc import Iterable, Mapping, Sequence

import aiokafka
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from service_kit.consumer.source import Bounds, OffsetGapError
from service_kit.messages import Message, TopicPartition

REQUEST_TIMEOUT_MS = 15_000
# The broker forgets a dead member after this, so it bounds how long its partitions stand still.
SESSION_TIMEOUT_MS = 6_000


class SourceUnavailableError(ConnectionError):
    """Kafka does not answer, or not as it should; worth another try."""


class KafkaSource(aiokafka.ConsumerRebalanceListener):  # type: ignore[misc]  # untyped in aiokafka
    """A member of a consumer group on real Kafka."""

    def __init__(
        self, bootstrap_servers: str, topics: Sequence[str], *, group: str, instance_id: str | None = None
    ) -> None:
        """Connects to nothing yet.

        Args:
            bootstrap_servers: host:port, separated by commas.
            topics: what to read.
            group: the consumer group.
            instance_id: makes the membership static: a restart within the session time-out takes its
                partitions back at once. It must be unique among the members.
        """
        self._topics = list(topics)
        self._generation = 0
        self._started = False
        self._options = {
            "bootstrap_servers": bootstrap_servers,
            "group_id": group,
            "group_instance_id": instance_id,
            "client_id": instance_id or group,
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            "isolation_level": "read_committed",
            "session_timeout_ms": SESSION_TIMEOUT_MS,
            "heartbeat_interval_ms": SESSION_TIMEOUT_MS // 3,
            "request_timeout_ms": REQUEST_TIMEOUT_MS,
            "metadata_max_age_ms": 10_000,
        }
        self._consumer: aiokafka.AIOKafkaConsumer | None = None

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def _running(self) -> aiokafka.AIOKafkaConsumer:
        if self._consumer is None:
            raise SourceUnavailableError("not started")
        return self._consumer

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(TopicPartition(*place) for place in self._running.assignment())

    async def start(self) -> None:
        consumer = aiokafka.AIOKafkaConsumer(**self._options)
        consumer.subscribe(self._topics, listener=self)
        self._consumer = consumer
        try:
            await consumer.start()
        except KafkaError as error:
            await consumer.stop()
            raise SourceUnavailableError(str(error)) from error

    async def stop(self) -> None:
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            await consumer.stop()

    async def on_partitions_revoked(self, revoked: Iterable[aiokafka.TopicPartition]) -> None:  # noqa: ARG002 - aiokafka names it
        self._generation += 1

    async def on_partitions_assigned(self, assigned: Iterable[aiokafka.TopicPartition]) -> None:
        # Silent until `seek`: the broker's own offset is only a hint. A position, though never read
        # from, keeps aiokafka from asking for that hint, and from failing where there is none.
        for place in assigned:
            self._running.seek(place, 0)
        self._running.pause(*assigned)
        self._generation += 1

    async def poll(self, *, max_messages: int, timeout_s: float) -> Sequence[Message]:
        try:
            records = await self._running.getmany(timeout_ms=int(timeout_s * 1000), max_records=max_messages)
        except OffsetOutOfRangeError as error:
            raise OffsetGapError(
                f"the topic does not hold the offset at which to continue: {error}"
            ) from error
        except KafkaError as error:
            raise SourceUnavailableError(str(error)) from error
        return [
            Message(
                record.topic,
                record.partition,
                record.offset,
                record.key,
                record.value,
                tuple(record.headers),
                record.timestamp,
            )
            for place in records.values()
            for record in place
        ]

    def seek(self, place: TopicPartition, offset: int) -> None:
        kafka_place = aiokafka.TopicPartition(*place)
        if kafka_place in self._running.assignment():
            self._running.seek(kafka_place, offset)
            self._running.resume(kafka_place)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        mine = {aiokafka.TopicPartition(*place): offset for place, offset in offsets.items()}
        if not mine or not mine.keys() <= self._running.assignment():
            return
        try:
            await self._running.commit(mine)
        except KafkaError as error:
            raise SourceUnavailableError(str(error)) from error

    async def bounds(self, places: Iterable[TopicPartition]) -> Mapping[TopicPartition, Bounds]:
        wanted = [aiokafka.TopicPartition(*place) for place in places]
        try:
            beginnings = await self._running.beginning_offsets(wanted)
            ends = await self._running.end_offsets(wanted)
        except KafkaError as error:
            raise SourceUnavailableError(str(error)) from error
        return {TopicPartition(*place): Bounds(beginnings[place], ends[place]) for place in wanted}

    async def partitions(self, topic: str) -> frozenset[TopicPartition]:
        return frozenset(
            TopicPartition(topic, number) for number in self._running.partitions_for_topic(topic) or ()
        )

    async def offsets_at(
        self, places: Iterable[TopicPartition], timestamp_ms: int
    ) -> Mapping[TopicPartition, int]:
        wanted = {aiokafka.TopicPartition(*place): timestamp_ms for place in places}
        try:
            found = await self._running.offsets_for_times(wanted)
            ends = await self._running.end_offsets(list(wanted))
        except KafkaError as error:
            raise SourceUnavailableError(str(error)) from error
        return {
            TopicPartition(*place): found[place].offset if found[place] else ends[place] for place in wanted
        }
