"""Somebody who writes events into a service's outbox, and what of them has arrived."""

import json
import random
import threading
import uuid
from contextlib import suppress
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from harness.database import Sql
from harness.desk import Undo
from harness.target import Target

_INSERT = """
    INSERT INTO outbox_event (id, topic, key, type, payload)
    VALUES (gen_random_uuid(), %s, %s, 'thing.counted.v1', %s)
"""
_KEYS = 7
_PARTITIONS = 6  # of a topic that the connector makes
_PAUSE_S = 1 / 100


class Emitter:
    """`with Emitter(stack) as emitter:` commits events until the block ends, and rolls others back.

    The events of each key are counted: `committed` says how many there are. Their topic is one that only the
    emitter has, so the connector has to make it.
    """

    def __init__(self, stack: Target) -> None:
        self.topic = f"counted-{uuid.uuid4().hex[:12]}"
        self.committed = {f"key-{number}": 0 for number in range(_KEYS)}
        self._servers = stack.bootstrap_servers
        self._sql = Sql(stack.service_dsn("TASK_MEETING"))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="emitter", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._sql.close()

    @property
    def expected(self) -> dict[str, list[int]]:
        """Key → the numbers that have to arrive, in this order."""
        return {key: list(range(count)) for key, count in self.committed.items()}

    async def arrived(self) -> dict[str, list[int]]:
        """Key → the numbers that have come so far, each at its first coming."""
        found: dict[str, list[int]] = {key: [] for key in self.committed}
        async with AIOKafkaConsumer(bootstrap_servers=self._servers) as consumer:
            if self.topic not in await consumer.topics():
                return found
            places = [TopicPartition(self.topic, number) for number in range(_PARTITIONS)]
            consumer.assign(places)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(places)
            while any([await consumer.position(place) < ends[place] for place in places]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    for message in batch:
                        found[message.key.decode()].append(json.loads(message.value))
        return {key: list(dict.fromkeys(numbers)) for key, numbers in found.items()}

    def _run(self) -> None:
        while not self._stopping.wait(_PAUSE_S):
            key = random.choice(list(self.committed))
            self._emit(key, self.committed[key])
            self.committed[key] += 1
            with suppress(Undo), self._sql.transaction():
                self._emit(key, -1)
                raise Undo

    def _emit(self, key: str, number: int) -> None:
        self._sql.run(_INSERT, [self.topic, key, json.dumps(number)])
