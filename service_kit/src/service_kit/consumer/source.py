"""Where messages come from: the contract of a source, which real Kafka and the in-memory broker keep.

`service_kit/tests/conformance` runs one suite over both.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from service_kit.messages import Message, TopicPartition


class Bounds(NamedTuple):
    """The offsets that a partition holds: from `beginning` up to, and without, `end`."""

    beginning: int
    end: int


class OffsetGapError(Exception):
    """The offset at which to continue is not in the topic any more (or not yet): messages are missing."""


class MessageSource(Protocol):
    """One member of a consumer group.

    A newly assigned partition stays silent until `seek` says where it begins: the database knows
    that, the broker only has a hint.
    """

    @property
    def generation(self) -> int:
        """Grows with each assignment and each revocation, before any message of it is handed out."""
        ...

    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions that are this member's at present."""
        ...

    async def start(self) -> None:
        """Join the group. Raises OSError while the broker cannot be reached."""
        ...

    async def stop(self) -> None:
        """Leave the group; safe to call twice."""
        ...

    async def poll(self, *, max_messages: int, timeout_s: float) -> Sequence[Message]:
        """The next messages, in offset order within a partition; empty when the time is over.

        Raises:
            OffsetGapError: the position is outside what the topic holds.
        """
        ...

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Continue at `offset`; ignored for a partition that has gone to another member."""
        ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Tell the broker how far we are: a hint for people and tools, never the truth."""
        ...

    async def bounds(self, places: Iterable[TopicPartition]) -> Mapping[TopicPartition, Bounds]:
        """What the partitions hold now. Raises OSError when the broker does not answer."""
        ...

    async def partitions(self, topic: str) -> frozenset[TopicPartition]:
        """All partitions of a topic, whoever reads them."""
        ...

    async def offsets_at(
        self, places: Iterable[TopicPartition], timestamp_ms: int
    ) -> Mapping[TopicPartition, int]:
        """The first offset at or after a time (ms since 1970), or the end where there is none."""
        ...
