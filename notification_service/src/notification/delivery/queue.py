"""One sender's side of the queue in the database."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from notification.delivery.pace import Pace, domain_of
from notification.metrics import ENDED, RECOVERED
from notification.queries import sending
from notification.service.claim import Claim, ClaimedMail, claim_due
from notification.service.route import Rules
from notification.service.settle import LOST, Backoff, Settlement, next_state, settle
from notification.settings import DomainLimit
from notification.states import FINAL, State
from service_kit.clock import Clock
from service_kit.db import Database, WriteSession


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient a sender is.

    Attributes:
        lease: for how long a mail is its own; renewed while it works, so this is how long the mails of
            a killed sender wait.
        max_age: mails about changes older than this are dropped.
        backoff: between the attempts for one mail.
        limits: of what goes to one mail domain.
        burst: mails of one kind that come to a person within this time are put together; 0: none are.
    """

    lease: timedelta = timedelta(seconds=30)
    max_age: timedelta = timedelta(hours=72)
    backoff: Backoff = field(default_factory=Backoff)
    limits: Mapping[str, DomainLimit] = field(default_factory=dict)
    burst: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class _Exchanged:
    """What one transaction did; it counts only once that is committed."""

    claim: Claim
    recovered: list[State]
    next_due: datetime | None


@dataclass(frozen=True, slots=True)
class Round:
    """What a round brought: mails to hand over, and when to come again.

    Attributes:
        mails: leased to this sender, each attempt committed.
        due_in: seconds until the next mail that nobody has taken is due; negative when it is late,
            None when none waits.
    """

    mails: list[ClaimedMail]
    due_in: float | None


class Queue:
    """Gives and takes mails, a transaction a round."""

    def __init__(self, database: Database, *, clock: Clock, policy: Policy) -> None:
        self._database = database
        self._clock = clock
        self._policy = policy
        self._pace = Pace(policy.limits, clock)
        # Unique to this run: what an earlier run left behind is not ours, and comes back with its lease.
        self._owner = uuid4()
        self._next_care = clock.monotonic()
        # After a failed commit nobody knows what was leased.
        self._uncertain = False

    async def exchange(
        self, finished: Sequence[Settlement], *, limit: int, held: Collection[ClaimedMail]
    ) -> Round:
        """Write how attempts ended and lease up to `limit` due mails.

        Args:
            finished: attempts that ended since the last successful round.
            limit: how many mails can be handed over at once.
            held: the mails that this sender has in its hands, the finished ones included.

        Raises:
            Exception: the database failed; the same call may be made again.
        """
        try:
            async with self._database.transaction() as session:
                done = await self._exchange(session, finished, limit, held)
        except BaseException:
            self._uncertain = True
            raise
        self._uncertain = False
        for settlement in finished:
            self._pace.took(domain_of(settlement.mail.letter.address), settlement.seconds)
        _report(done, finished)
        due_in = None if done.next_due is None else (done.next_due - self._clock.now()).total_seconds()
        return Round(done.claim.mails, due_in)

    async def _exchange(
        self, session: WriteSession, finished: Sequence[Settlement], limit: int, held: Collection[ClaimedMail]
    ) -> _Exchanged:
        now, policy = self._clock.now(), self._policy
        await settle(session, finished, owner=self._owner, now=now, backoff=policy.backoff)
        if self._uncertain:
            await sending.release(session, owner=self._owner, held=[mail.letter.id for mail in held])
        recovered = await self._care(session, now)
        claim = Claim()
        if limit:
            claim = await claim_due(
                session,
                owner=self._owner,
                limit=limit,
                now=now,
                lease=policy.lease,
                rules=Rules(policy.max_age, policy.burst),
                seconds_to_wait=self._judge(finished, held),
            )
        next_due = now if claim.more else await sending.next_due(session)
        return _Exchanged(claim, recovered, next_due)

    def _judge(self, finished: Sequence[Settlement], held: Collection[ClaimedMail]) -> Callable[[str], float]:
        ended = {settlement.mail.letter.id for settlement in finished}
        on_their_way = (mail.letter for mail in held if mail.letter.id not in ended)
        return self._pace.beside(domain_of(letter.address) for letter in on_their_way)

    async def _care(self, session: WriteSession, now: datetime) -> list[State]:
        """Now and then: keep our leases, and take back those of senders that are gone."""
        if self._clock.monotonic() < self._next_care:
            return []
        lease = self._policy.lease
        self._next_care = self._clock.monotonic() + lease.total_seconds() / 3
        await sending.renew(session, owner=self._owner, until=now + lease)
        # Not right after an outage of the database: the others could not renew their leases either.
        if self._uncertain:
            return []
        return await sending.recover(session, owner=self._owner, now=now, detail=LOST)


def _report(done: _Exchanged, finished: Sequence[Settlement]) -> None:
    RECOVERED.inc(len(done.recovered))
    settled = [next_state(one.result, in_doubt=one.mail.in_doubt) for one in finished]
    for state in (*settled, *done.recovered, *done.claim.dropped):
        if state in FINAL:
            ENDED.labels(state).inc()
