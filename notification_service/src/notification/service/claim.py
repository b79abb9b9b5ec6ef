"""Use case: a sender takes mails that are due, and each is checked once more against the projection."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from notification.kinds import CLOSING, Kind
from notification.mail.letter import Letter
from notification.queries import sending
from notification.states import Source, State
from service_kit.db import WriteSession

Row = Mapping[str, Any] | RowMapping
# Where mails are passed over, more are looked at: they must not hold up those that can go.
_LOOK_FURTHER = (100, 1000)


def _at_once(_address: str) -> float:
    return 0


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that one sender may hand over now.

    `attempt` counts from 1; `in_doubt` says that an earlier attempt may have succeeded.
    """

    letter: Letter
    attempt: int
    in_doubt: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sender got; `dropped` has the final states of mails that were due too, and void."""

    mails: list[ClaimedMail]
    dropped: list[State]


async def claim_due(
    session: WriteSession,
    *,
    owner: UUID,
    limit: int,
    now: datetime,
    lease: timedelta,
    max_age: timedelta,
    seconds_to_wait: Callable[[str], float] = _at_once,
) -> Claim:
    """Lease up to `limit` due mails to `owner`, committed with the caller's transaction.

    Args:
        session: the caller's transaction.
        owner: the sender.
        limit: how many it can hand over at once.
        now: the present moment.
        lease: for how long the mails are its own.
        max_age: mails about changes older than this are dropped.
        seconds_to_wait: asked with the address of each mail that may go; one that must wait is due later.
    """
    claim = Claim([], [])
    for look_at in (limit, *_LOOK_FURTHER):
        due = await sending.take_due(session, now=now, limit=look_at)
        free = limit - len(claim.mails)
        look = _look(due, free, now=now, oldest_news=now - max_age, seconds_to_wait=seconds_to_wait)
        await sending.drop(session, look.void)
        await sending.postpone(session, look.postponed)
        await sending.lease(
            session, [_begun(mail) for mail in look.chosen], owner=owner, now=now, until=now + lease
        )
        claim.mails.extend(look.chosen)
        claim.dropped.extend(_state_when_dropped(mail) for mail in due if mail["id"] in look.void)
        if len(due) < look_at or len(claim.mails) == limit:
            break
    return claim


@dataclass(frozen=True, slots=True)
class _Look:
    """What is to be done with mails that were looked at."""

    chosen: list[ClaimedMail] = field(default_factory=list)
    void: dict[UUID, str] = field(default_factory=dict)
    postponed: dict[UUID, datetime] = field(default_factory=dict)


def _look(
    due: Sequence[Row],
    free: int,
    *,
    now: datetime,
    oldest_news: datetime,
    seconds_to_wait: Callable[[str], float],
) -> _Look:
    """Choose up to `free` mails that may go now."""
    look = _Look()
    for mail in due:
        if reason := why_void(mail, now=now, oldest_news=oldest_news):
            look.void[mail["id"]] = reason
        elif len(look.chosen) == free:
            break
        elif wait_s := seconds_to_wait(mail["recipient"]):
            look.postponed[mail["id"]] = now + timedelta(seconds=wait_s)
        else:
            look.chosen.append(_claimed(mail, now))
    return look


def why_void(mail: Row, *, now: datetime, oldest_news: datetime) -> str | None:
    """Why a due mail must not be sent after all, or None.

    `mail` is a row of `sending.take_due`.
    """
    if mail["committed_at"] < oldest_news or (mail["expires_at"] is not None and mail["expires_at"] <= now):
        return "it could not be sent before it was old news"
    if mail["source"] != Source.ASSIGNMENTS and mail["outdated"]:
        return "newer news of the same took its place"
    if mail["kind"] in CLOSING:
        return None if _knows(mail) else "the person never heard of it"
    return _why_void_assignment(mail) if mail["source"] == Source.ASSIGNMENTS else _why_gone(mail)


def kind_now(mail: Row) -> str:
    """What a mail is to somebody who heard of nothing before: a changed meeting is a new one to them."""
    kind: str = mail["kind"]
    return Kind.INVITED if kind == Kind.MEETING_CHANGED and not _knows(mail) else kind


def _why_void_assignment(mail: Row) -> str | None:
    if mail["outdated"] or mail["ended"]:
        return "the assignment has ended meanwhile"
    if mail["holder"] != mail["user_oid"]:
        return "the assignment has gone to somebody else meanwhile"
    return None


def _why_gone(mail: Row) -> str | None:
    return "the person has no assignment any more" if mail["gone"] else None


def _knows(mail: Row) -> bool:
    """Whether the person knows of the subject, by what they may have been told before this mail."""
    if mail["told"] is not None:
        return mail["told"] not in CLOSING
    # Without a beginning among the mails it lies before them.
    return not mail["opened"]


def _state_when_dropped(mail: Row) -> State:
    """As `sending.drop` writes it."""
    return State.UNCONFIRMED if mail["in_doubt"] else State.SUPPRESSED


def _begun(mail: ClaimedMail) -> dict[str, Any]:
    letter = mail.letter
    return {"id": letter.id, "kind": letter.kind, "recipient": letter.address, "locale": letter.locale}


def _claimed(mail: Row, now: datetime) -> ClaimedMail:
    payload = mail["payload"]
    person = payload["person"]
    known = mail["person_row"] is not None
    letter = Letter(
        id=mail["id"],
        kind=kind_now(mail),
        subject=mail["subject"],
        user_oid=mail["user_oid"],
        message_id=mail["message_id"],
        name=mail["user_name"] if known else person["name"],
        address=mail["recipient"],
        locale=mail["locale"],
        time_zone=mail["user_time_zone"] if known else person["time_zone"],
        committed_at=mail["committed_at"],
        now=now,
        payload=payload,
    )
    return ClaimedMail(letter, mail["attempts"] + 1, mail["in_doubt"])
