"""Where a due mail goes: to its reader, into a digest, to a later hour, or nowhere. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from notification.kinds import Choice, Delivery, Kind, deliveries, traits
from notification.mail.reader import find_zone
from notification.service.timing import next_daily, next_hourly, quiet_end
from notification.service.truth import Row, choice, kind_now, why_void
from notification.states import Reason

# When to look whether a person is known by now.
_LOOK_AGAIN = timedelta(seconds=10)
# An import is one transaction: what follows one of its rows follows soon.
_IMPORT_SETTLES = timedelta(seconds=10)


class Window(StrEnum):
    """For how long a digest gathers mails."""

    BURST = "burst"
    HOURLY = "hourly"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Send:
    """It goes now."""


class Drop(NamedTuple):
    """It never goes."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Postpone:
    """It is decided anew at that moment (UTC)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Join:
    """It waits for others in the person's digest of a window that ends at that moment (UTC)."""

    window: Window
    end: datetime


@dataclass(frozen=True, slots=True)
class Follow:
    """It waits where older news of the same subject does."""

    digest_id: UUID


Wait = Postpone | Join | Follow
Decision = Send | Drop | Wait


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all mails.

    Attributes:
        max_age: mails about changes older than this are dropped.
        burst: mails of one kind that come to a person within this time are put together; 0: none are.
    """

    max_age: timedelta
    burst: timedelta


def route(mail: Row, *, now: datetime, rules: Rules) -> Decision:
    """Decide about a row of `queries.due.take_due`.

    Somebody who asks for a mail to go again wants it now, as long as it is true. What may have reached its
    reader goes again as it was, or not at all.
    """
    if drop := why_dropped(mail, now=now, oldest_news=now - rules.max_age):
        return drop
    if mail["recipient"] is None:
        return Postpone(now + _LOOK_AGAIN)
    if mail["resends"]:
        return Send()
    if mail["in_doubt"]:
        return _quiet(mail, now) or Send()
    return _gather(mail, now) or _quiet(mail, now) or _group(mail, now, rules.burst) or Send()


def why_dropped(mail: Row, *, now: datetime, oldest_news: datetime) -> Drop | None:
    """Why a mail must not go, now or later; None when it may."""
    if why := why_void(mail, now=now, oldest_news=oldest_news):
        return Drop(Reason.STALE, why)
    if _delivery(mail) is Delivery.OFF and not mail["resends"]:
        return Drop(Reason.UNSUBSCRIBED, "the person does not want such mails")
    if mail["bounced"] is not None:
        return Drop(Reason.BOUNCED_BEFORE, mail["bounced"])
    return None


def _delivery(mail: Row) -> Delivery:
    """What the person chose, as far as the kind leaves them a choice."""
    kind = kind_now(mail)
    possible = deliveries(kind)
    chosen = choice(mail, kind).get("delivery", possible[0])
    return Delivery(chosen) if chosen in possible else possible[0]


def _gather(mail: Row, now: datetime) -> Wait | None:
    if mail["follows"] is not None:
        return Follow(mail["follows"])
    zone = find_zone(mail["time_zone"])
    match _delivery(mail):
        case Delivery.HOURLY:
            return _join(mail, Window.HOURLY, next_hourly(now, zone))
        case Delivery.DAILY:
            at = time.fromisoformat(choice(mail, mail["kind"])["at"])
            return _join(mail, Window.DAILY, next_daily(now, at, zone))
    return None


def _group(mail: Row, now: datetime, burst: timedelta) -> Wait | None:
    if not burst or not traits(mail["kind"]).groups:
        return None
    if mail["import_oid"] is not None:
        return _join(mail, Window.BURST, now + min(_IMPORT_SETTLES, burst))
    return _join(mail, Window.BURST, now + burst) if mail["crowded"] else None


def _join(mail: Row, window: Window, end: datetime) -> Join | None:
    """A digest does not end at night; what it would bring too late goes by itself."""
    wakes = _quiet(mail, end)
    end = wakes.until if wakes else end
    expires_at = mail["expires_at"]
    return Join(window, end) if expires_at is None or end < expires_at else None


def _quiet(mail: Row, now: datetime) -> Postpone | None:
    """The person's quiet hours hold for all that their choices can hold back, digests too."""
    always = traits(mail["kind"]).choice is Choice.ALWAYS and mail["kind"] != Kind.DIGEST
    if always or mail["quiet_from"] is None or mail["quiet_until"] is None:
        return None
    end = quiet_end(now, mail["quiet_from"], mail["quiet_until"], find_zone(mail["time_zone"]))
    return None if end is None else Postpone(end)
