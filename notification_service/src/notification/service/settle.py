"""Use case: how attempts ended becomes the mails' states."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from notification.mail.outcome import Outcome, Result
from notification.queries import bounces, sending
from notification.service.claim import ClaimedMail
from notification.states import State
from service_kit.db import WriteSession

LOST = "the sender stopped in the middle of the attempt"


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a deferred mail waits: exponential with full jitter, so that many do not return at once."""

    base: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(hours=24)

    def delay(self, attempt: int) -> timedelta:
        """A random time up to `base * 2 ** attempt`, at most `longest`; attempts count from 1."""
        # Bounded before it is raised to a power: a timedelta overflows soon.
        ceiling = min(self.longest, self.base * 2 ** min(attempt, 30))
        return timedelta(seconds=random.uniform(0, ceiling.total_seconds()))  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True)
class Settlement:
    """A mail and how its attempt ended, after so many seconds."""

    mail: ClaimedMail
    result: Result
    seconds: float = 0


async def settle(
    session: WriteSession, settlements: Sequence[Settlement], *, owner: UUID, now: datetime, backoff: Backoff
) -> None:
    """Write the ends of attempts. Safe to repeat after a commit of unknown fate."""
    rows = [_row(settlement, now=now, backoff=backoff) for settlement in settlements]
    await bounces.count(session, [_bounce(one) for one in settlements if one.result.hard], now=now)
    await sending.settle(session, rows, owner=owner, now=now)


def next_state(result: Result, *, in_doubt: bool) -> State:
    """What a mail becomes; `in_doubt`: an earlier attempt ended without an answer, too.

    Of two attempts without an answer a third is not made: the person may have the mail twice already.
    """
    if result.outcome is Outcome.ACCEPTED:
        return State.ACCEPTED
    if result.outcome is Outcome.REFUSED:
        return State.BOUNCED
    if result.outcome is Outcome.UNCONFIRMED and in_doubt:
        return State.UNCONFIRMED
    return State.RETRYING


def _row(settlement: Settlement, *, now: datetime, backoff: Backoff) -> dict[str, Any]:
    mail, result = settlement.mail, settlement.result
    return {
        "id": mail.letter.id,
        "number": mail.attempt,
        "outcome": result.outcome,
        "detail": result.detail,
        "state": next_state(result, in_doubt=mail.in_doubt),
        "next": now + backoff.delay(mail.attempt),
        "doubt": result.outcome is Outcome.UNCONFIRMED,
    }


def _bounce(settlement: Settlement) -> dict[str, Any]:
    mail = settlement.mail
    return {
        "id": mail.letter.id,
        "number": mail.attempt,
        "address": mail.letter.address,
        "detail": settlement.result.detail,
    }
