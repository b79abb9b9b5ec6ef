"""What a service says about a topic: how its messages are decoded and who handles them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service_kit.db import WriteSession
from service_kit.messages import Message

Sweep = Callable[[WriteSession, Mapping[int, int]], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of a service's table "topic → handler".

    Attributes:
        topic: the topic's name.
        decode: message → event, or None for a message that says nothing (a tombstone). Pure. Raises
            `Unprocessable` for one that can never be applied.
        handle: applies a batch of events, in offset order, in the consumer's transaction. It may write
            to the service's own database and nothing else: no network, no commit. It may be called
            again with the same events after a rollback, or with a subset of the batch's keys. A
            passing error (`service_kit.db.is_transient`) is retried for ever; any other parks the key.
        sweep: for a row-change topic, called once after a re-snapshot was read to its end, with
            partition → boundary offset (see `projection.sweep_unseen`); returns how many rows it
            removed.
    """

    topic: str
    decode: Callable[[Message], Any | None]
    handle: Callable[[WriteSession, Sequence[Any]], Awaitable[None]]
    sweep: Sweep | None = None
