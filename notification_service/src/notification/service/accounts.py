"""What account events make of the people, and what that is to them. Pure: no database, no clock.

An event brings a person's whole state, and may come again, or late. Whichever happened last is right; of what
happened in one millisecond, which is all that events tell, the one that stands behind in Kafka.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from notification.events import ACCOUNT_DELETED, AccountEvent
from notification.service.hear import NO_EPOCH
from notification.service.intents import Intent, News, intents_of
from notification.service.subjects.account import AccountNews
from notification.service.subjects.forms import Row
from notification.states import Source

_OFFSET_BITS = 20


@dataclass(frozen=True, slots=True)
class Followed:
    """What a batch of events comes to: the people as they are by now, and the mails to write."""

    people: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    intents: list[Intent] = field(default_factory=list)


def follow(known: Mapping[UUID, Row], events: Iterable[AccountEvent], *, oldest_news: datetime) -> Followed:
    """Apply events in their order to the people that are known.

    Nobody is told of what happened before `oldest_news`, and of somebody's first state.
    """
    followed = Followed()
    for event in events:
        after = _row(event)
        before = followed.people.get(event.data.uid) or known.get(event.data.uid)
        if before is not None and after["lsn"] <= before["lsn"]:
            continue
        followed.people[event.data.uid] = after
        if before is not None and event.created_at >= oldest_news:
            followed.intents.extend(_plan(before, after, event))
    return followed


def _row(event: AccountEvent) -> dict[str, Any]:
    account = event.data
    return {
        "oid": account.uid,
        "name": account.full_name,
        "email": account.email,
        "locale": account.locale,
        "time_zone": account.time_zone,
        "role": account.role,
        "is_active": account.is_active,
        "updated_at": account.updated_at,
        "deleted": event.type == ACCOUNT_DELETED,
        "epoch": NO_EPOCH,
        "lsn": _version(event),
    }


def _version(event: AccountEvent) -> int:
    """Larger for what happened later: the time, and within a millisecond the place in Kafka."""
    milliseconds = int(event.created_at.timestamp() * 1000)
    return milliseconds << _OFFSET_BITS | event.message.offset % (1 << _OFFSET_BITS)


def _plan(before: Row, after: Row, event: AccountEvent) -> Iterator[Intent]:
    # A state that is older than the one before it came back with a restore of the source, and was no
    # change that anybody made. Of whoever is gone, or comes back, the account itself says enough.
    if before["deleted"] or after["deleted"] or after["updated_at"] < before["updated_at"]:
        return
    for type_ in _what_changed(before, after):
        yield from intents_of(
            News(
                type=type_,
                source=Source.ACCOUNTS,
                subject=f"account:{after['oid']}",
                epoch=NO_EPOCH,
                lsn=event.message.offset,
                committed_at=event.created_at,
                data=AccountNews(before, after),
                # One event may be two kinds of news.
                uid=uuid5(event.uid, type_),
            )
        )


def _what_changed(before: Row, after: Row) -> Iterator[str]:
    if before["email"].lower() != after["email"].lower():
        yield "account.email_changed"
    if (before["role"], before["is_active"]) != (after["role"], after["is_active"]):
        yield "account.access_changed"
