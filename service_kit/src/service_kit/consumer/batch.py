"""One batch: decoded once, applied in the consumer's transaction, its bad messages set aside."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from service_kit.consumer.parking import BEHIND, Parked, TopicKey
from service_kit.consumer.routes import Route
from service_kit.db import WriteSession, is_transient
from service_kit.messages import Message, Unprocessable

Routes = Mapping[str, Route]


class Entry(NamedTuple):
    """A message with what it decoded to, or with the reason why it did not."""

    message: Message
    event: Any | None
    reason: str | None = None

    @property
    def topic_key(self) -> TopicKey | None:
        return None if self.message.key is None else TopicKey(self.message.topic, self.message.key)


def decode(routes: Routes, messages: Iterable[Message]) -> list[Entry]:
    """Decode each message; what cannot be decoded gets a reason. Tombstones are left out."""
    entries = (_decode_one(routes[message.topic], message) for message in messages)
    return [entry for entry in entries if entry.event is not None or entry.reason is not None]


def _decode_one(route: Route, message: Message) -> Entry:
    try:
        return Entry(message, route.decode(message))
    except Unprocessable as error:
        return Entry(message, None, error.reason)
    except Exception as error:  # noqa: BLE001 - a decoder's own fault must not lose the message
        return Entry(message, None, f"could not be decoded: {type(error).__name__}: {error}")


def set_aside(entries: Iterable[Entry], blocked: set[TopicKey]) -> tuple[list[Entry], list[Parked]]:
    """Part a batch into what can be applied and what must be parked.

    Args:
        entries: in offset order.
        blocked: the keys that are parked already; keys that get parked here are added to it.
    """
    good: list[Entry] = []
    parked: list[Parked] = []
    for entry in entries:
        key = entry.topic_key
        if key in blocked:
            parked.append(Parked(entry.message, BEHIND))
        elif entry.reason is not None:
            parked.append(Parked(entry.message, entry.reason))
            if key is not None:
                blocked.add(key)
        else:
            good.append(entry)
    return good, parked


def by_topic(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """The entries of each topic, in their order."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.message.topic, []).append(entry)
    return groups


async def apply_together(session: WriteSession, routes: Routes, entries: Sequence[Entry]) -> None:
    """Apply all entries, each topic's in one call of its handler. Any error leaves nothing applied."""
    for topic, group in by_topic(entries).items():
        await routes[topic].handle(session, [entry.event for entry in group])


async def apply_apart(session: WriteSession, routes: Routes, entries: Sequence[Entry]) -> list[Parked]:
    """Apply what can be applied and return the rest with its reasons.

    A key that fails is found by halving the batch, so one bad key among n costs about 2·log n calls.
    Passing errors are raised: they say nothing about the messages.
    """
    parked: list[Parked] = []
    for topic, group in by_topic(entries).items():
        parked += await _halve(session, routes[topic], _by_key(group))
    return parked


def _by_key(entries: Iterable[Entry]) -> list[list[Entry]]:
    groups: dict[bytes | None, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.message.key, []).append(entry)
    return list(groups.values())


async def _halve(session: WriteSession, route: Route, keys: list[list[Entry]]) -> list[Parked]:
    if await try_apply(session, route, [entry for key in keys for entry in key]) is None:
        return []
    if len(keys) == 1:
        return await apply_in_order(session, route, keys[0])
    middle = len(keys) // 2
    return await _halve(session, route, keys[:middle]) + await _halve(session, route, keys[middle:])


async def apply_in_order(session: WriteSession, route: Route, entries: Sequence[Entry]) -> list[Parked]:
    """Apply one key's entries one by one; from the first that fails on, they are returned."""
    for index, entry in enumerate(entries):
        reason = entry.reason or await try_apply(session, route, [entry])
        if reason is not None:
            waiting = [Parked(later.message, BEHIND) for later in entries[index + 1 :]]
            return [Parked(entry.message, reason), *waiting]
    return []


async def try_apply(session: WriteSession, route: Route, entries: Sequence[Entry]) -> str | None:
    """Apply entries in a savepoint. The reason when they cannot be applied, else None."""
    try:
        async with session.begin_nested():
            await route.handle(session, [entry.event for entry in entries])
    except Unprocessable as error:
        return error.reason
    except Exception as error:
        if is_transient(error):
            raise
        return f"could not be applied: {type(error).__name__}: {error}"
    return None
