"""A message as the services see it, and the one error that says it can never be applied."""

from typing import NamedTuple

import msgspec


class TopicPartition(NamedTuple):
    """One partition of one topic: the unit of order in Kafka."""

    topic: str
    partition: int


class Message(msgspec.Struct, frozen=True, gc=False):
    """One record of a topic.

    `timestamp_ms` is the producer's time in milliseconds since 1970 (UTC). `headers` are pairs, as
    Kafka allows a name more than once; a value may be missing, like that of an outbox's empty column.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp_ms: int = 0

    @property
    def topic_partition(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)

    def header(self, name: str) -> bytes | None:
        """The last value of a header, or None."""
        return next((value for key, value in reversed(self.headers) if key == name), None)


class Unprocessable(Exception):  # noqa: N818 - it names the message's state, as in HTTP 422
    """This message can never be applied, however often it is tried: its key is parked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
