"""Use case: a sender takes mails that are due, and it is decided about each by what is known now."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from notification.kinds import Kind
from notification.mail.letter import Letter
from notification.queries import due, sending
from notification.service.digests import look_inside, put_off
from notification.service.letters import letter_of
from notification.service.route import Drop, Postpone, Rules, Send, Wait, route
from notification.service.truth import Row
from notification.states import Reason, State
from service_kit.db import WriteSession

# Where mails are passed over, more are looked at: they must not hold up those that can go.
_LOOK_FURTHER = (100, 1000)
_EMPTY = Drop(Reason.STALE, "nothing of what it was to bring is news any more")


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


@dataclass(slots=True)
class Claim:
    """What a sender got.

    Attributes:
        mails: those that it may hand over.
        dropped: the final states of mails that were due too, and are not sent.
        more: there was at least one more that is due.
    """

    mails: list[ClaimedMail] = field(default_factory=list)
    dropped: list[State] = field(default_factory=list)
    more: bool = False


async def claim_due(
    session: WriteSession,
    *,
    owner: UUID,
    limit: int,
    now: datetime,
    lease: timedelta,
    rules: Rules,
    seconds_to_wait: Callable[[str], float] = _at_once,
) -> Claim:
    """Lease up to `limit` due mails to `owner`, committed with the caller's transaction.

    Args:
        session: the caller's transaction.
        owner: the sender.
        limit: how many it can hand over at once.
        now: the present moment.
        lease: for how long the mails are its own.
        rules: what holds for all mails.
        seconds_to_wait: asked with the address of each mail that may go; one that must wait is due later.
    """
    claim = Claim()
    # One more than can go, to know whether there is one.
    for look_at in (limit + 1, *_LOOK_FURTHER):
        oldest, free = now - rules.max_age, limit - len(claim.mails)
        taken = await due.take_due(session, now=now, limit=look_at, oldest=oldest, burst=rules.burst)
        look = _look(taken, free, now=now, rules=rules, seconds_to_wait=seconds_to_wait)
        # First: some of it may go into a digest that is due.
        joined = await put_off(session, look.waits, now=now, oldest=oldest, burst=rules.burst)
        mails = await _write(session, look, now=now)
        await sending.drop(session, look.dropped)
        await sending.lease(session, list(map(_begun, mails)), owner=owner, now=now, until=now + lease)
        claim.mails.extend(mails)
        claim.dropped.extend(
            _ends(mail for mail in taken if mail["id"] in look.dropped or mail["id"] in joined)
        )
        claim.more = look.more
        if len(taken) < look_at or len(claim.mails) == limit:
            break
    return claim


@dataclass(slots=True)
class _Look:
    """What is to be done with mails that were looked at; `more`: one that may go is left for others."""

    chosen: list[Row] = field(default_factory=list)
    dropped: dict[UUID, Drop] = field(default_factory=dict)
    waits: list[tuple[Row, Wait]] = field(default_factory=list)
    more: bool = False


def _look(
    taken: Sequence[Row],
    free: int,
    *,
    now: datetime,
    rules: Rules,
    seconds_to_wait: Callable[[str], float],
) -> _Look:
    """Decide about each mail, and choose up to `free` that may go now."""
    look = _Look()
    for mail in taken:
        match route(mail, now=now, rules=rules):
            case Drop() as drop:
                look.dropped[mail["id"]] = drop
            case Send():
                if len(look.chosen) == free:
                    look.more = True
                    break
                if wait_s := seconds_to_wait(mail["recipient"]):
                    look.waits.append((mail, Postpone(now + timedelta(seconds=wait_s))))
                else:
                    look.chosen.append(mail)
            case wait:
                look.waits.append((mail, wait))
    return look


async def _write(session: WriteSession, look: _Look, *, now: datetime) -> list[ClaimedMail]:
    """Make letters of the chosen mails. A digest of which nothing is left is dropped."""
    digests = [mail for mail in look.chosen if mail["kind"] == Kind.DIGEST]
    members = await look_inside(session, digests, now=now)
    look.dropped.update({id_: _EMPTY for id_, left in members.items() if not left})
    return [
        ClaimedMail(letter_of(mail, members.get(mail["id"], ()), now), mail["attempts"] + 1, mail["in_doubt"])
        for mail in look.chosen
        if mail["id"] not in look.dropped
    ]


def _ends(mails: Iterable[Row]) -> list[State]:
    """As `sending.drop` and `digests.join` write them."""
    return [State.UNCONFIRMED if mail["in_doubt"] else State.SUPPRESSED for mail in mails]


def _begun(mail: ClaimedMail) -> dict[str, Any]:
    letter = mail.letter
    return {"id": letter.id, "kind": letter.kind, "recipient": letter.address, "locale": letter.locale}
