"""Business events as an outbox sends them: a header `type`, a value `{uid, version, data, created_at}`.

A topic may carry any number of types, and gets new ones; a consumer names those that it reads.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from service_kit.messages import Message, Unprocessable

D = TypeVar("D")


class BusinessEvent(NamedTuple, Generic[D]):
    """A decoded event and the message that brought it.

    Attributes:
        uid: the same one again, at whatever offset, is the same event.
        type: the header's, such as `thing.done.v1`.
        created_at: when it happened, aware.
        data: what it says, as the type's struct.
        message: where it was.
    """

    uid: UUID
    type: str
    created_at: datetime
    data: D
    message: Message


class _Value(msgspec.Struct, Generic[D]):
    """A message's value; members that it has besides are ignored."""

    uid: UUID
    version: Literal[1]
    created_at: Annotated[datetime, msgspec.Meta(tz=True)]
    data: D


def business_event_decoder(types: Mapping[str, type[D]]) -> Callable[[Message], BusinessEvent[D] | None]:
    """Make the decoder of a topic of business events.

    Args:
        types: event type → the struct of its `data`; the bounds of its fields bound what is accepted.

    Returns:
        A function from a message to its event, or to None for a tombstone and for a type that is not
        in `types`: it is meant for others. It raises `Unprocessable` with the reason for anything else.
    """
    decoders = {name: msgspec.json.Decoder(_Value[struct]).decode for name, struct in types.items()}  # type: ignore[valid-type]

    def decode_event(message: Message) -> BusinessEvent[D] | None:
        name = _type_of(message)
        decode = decoders.get(name)
        if decode is None or message.value is None:
            return None
        if message.key is None:
            raise Unprocessable("no key: an event is keyed by what it is about")
        try:
            value: _Value[Any] = decode(message.value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unprocessable(f"not a {name}: {error}") from error
        return BusinessEvent(value.uid, name, value.created_at, value.data, message)

    return decode_event


def _type_of(message: Message) -> str:
    header = message.header("type")
    if header is None:
        raise Unprocessable("no header `type`: it says what kind of event this is")
    return header.decode(errors="replace")
