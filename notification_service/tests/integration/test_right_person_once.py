"""Invariant 2 over random histories: who is told what, whatever is repeated, lost or interrupted.

The sender is played step by step here, so that it can die at each of them; the queue, its rules and the
database are the real ones.
"""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from notification.events import decode_assignment
from notification.mail.outcome import Outcome, Result
from notification.queries import sending
from notification.service.claim import claim_due
from notification.service.record import ChangeRecorder
from notification.service.route import Rules
from notification.service.settle import LOST, Backoff, Settlement, settle
from service_kit.testing import ManualClock

LEASE, MAX_AGE = timedelta(seconds=30), timedelta(hours=72)
BACKOFF = Backoff(timedelta(minutes=1), timedelta(minutes=5))

numbers = st.integers(1, 2)
changes = st.lists(
    st.tuples(numbers, st.sampled_from(["move", "hand over", "end", "rename", "lost hand over"])), max_size=3
)
deliveries = st.sampled_from(["once", "once", "thrice", "rolled back"])
attempts = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(["accept", "defer", "refuse", "lose", "take and lose", "die", "take and die"]),
    ),
    max_size=4,
)
TAKEN = {"accept", "take and lose", "take and die"}
RESULTS = {
    "accept": Outcome.ACCEPTED,
    "defer": Outcome.DEFERRED,
    "refuse": Outcome.REFUSED,
    "lose": Outcome.UNCONFIRMED,
    "take and lose": Outcome.UNCONFIRMED,
}


class Source:
    """The source's table: small, and never at rest."""

    def __init__(self, feed, now):
        self.feed, self.now = feed, now
        self.rows = {}
        self.log = []
        self.news = set()
        # Assignments whose last change only a snapshot told of.
        self.silent = set()

    def change(self, number, what):
        row = self.rows.get(number)
        if row is None:
            row = self.rows[number] = {"user": 1, "team": 1, "team_name": "A"}
            self._write("c", number, row, [("assigned", row["user"])])
        elif what == "end":
            del self.rows[number]
            self._write("d", number, row, [("removed", row["user"])])
        elif what == "rename":
            row["team_name"] += "A"
            self._write("u", number, row, [])
        elif what == "move":
            row["team"] += 1
            self._write("u", number, row, [("changed", row["user"])])
        elif what == "lost hand over":
            row["user"] = 3 - row["user"]
            self._write("r", number, row, [])
            self.silent.add(number)
        else:
            old, row["user"] = row["user"], 3 - row["user"]
            self._write("u", number, row, [("removed", old), ("assigned", row["user"])])

    def _write(self, op, number, row, news):
        self.log.append(self.feed.change(op, number, at=self.now, **row))
        if news:
            self.silent.discard(number)
        self.news |= {(kind, number, user, self.feed.lsn) for kind, user in news}


class World:
    """The notifier between a source and a mail server, both under the test's control."""

    def __init__(self, database, recorder, source, now):
        self.database, self.recorder, self.source, self.now = database, recorder, source, now
        self.read = 0
        self.taken = Counter()
        self.order = []

    async def deliver(self, how):
        """Hand the new messages to the consumer, perhaps again, perhaps with a crash before the commit."""
        again = self.source.log[max(0, self.read - 3) :] if how == "thrice" else []
        batch = [*again, *self.source.log[self.read :], *again, *again]
        async with self.database.transaction() as session:
            await self.recorder.record(session, [decode_assignment(message) for message in batch])
            if how == "rolled back":
                await session.rollback()
                return
        self.read = len(self.source.log)

    async def attempt(self, count, how):
        """A sender of its own takes mails; all its attempts end in the same way."""
        self.now += timedelta(seconds=20)
        owner = uuid4()
        async with self.database.transaction() as session:
            claim = await claim_due(
                session,
                owner=owner,
                limit=count,
                now=self.now,
                lease=LEASE,
                rules=Rules(MAX_AGE, timedelta()),
            )
            await self._check_holders(session, claim.mails)
        if how in TAKEN:
            self.taken.update(mail.letter.id for mail in claim.mails)
            self.order += [mail.letter.id for mail in claim.mails]
        await self._end(owner, claim.mails, how)

    async def _end(self, owner, mails, how):
        async with self.database.transaction() as session:
            if how in RESULTS:
                ends = [Settlement(mail, Result(RESULTS[how], how)) for mail in mails]
                await settle(session, ends, owner=owner, now=self.now, backoff=BACKOFF)
            else:
                self.now += LEASE + timedelta(seconds=1)
                await sending.recover(session, owner=uuid4(), now=self.now, detail=LOST)

    async def _check_holders(self, session, mails):
        """Who is told of an assignment has it, as far as is known at that moment."""
        holders = {
            row.id: None if row.deleted else row.user_oid
            for row in await session.execute(text("SELECT id, deleted, user_oid FROM assignment"))
        }
        about = {
            row.id: row
            for row in await session.execute(text("SELECT id, assignment_id, user_oid FROM notification"))
        }
        for mail in mails:
            if mail.letter.kind != "removed":
                row = about[mail.letter.id]
                assert holders[row.assignment_id] == row.user_oid

    async def rest(self):
        """Everything arrives, and the mail server takes everything."""
        await self.deliver("once")
        while await self._waiting():
            self.now += BACKOFF.longest
            await self.attempt(3, "accept")

    async def _waiting(self):
        async with self.database.read() as session:
            return await sending.next_due(session)


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rounds=st.lists(st.tuples(changes, deliveries, attempts), min_size=1, max_size=6))
async def test_each_change_is_told_once_to_the_right_person(database, make_feed, now, rows, rounds):
    async with database.transaction() as session:
        await session.execute(text("TRUNCATE assignment, notification, attempt"))
    recorder = ChangeRecorder(
        clock=ManualClock(now), max_event_age=MAX_AGE, notify_renames=False, mail_domain="team-suite.example"
    )
    source = Source(make_feed(), now)
    world = World(database, recorder, source, now)
    for happens, delivery, tries in rounds:
        for change in happens:
            source.change(*change)
        await world.deliver(delivery)
        for attempt in tries:
            await world.attempt(*attempt)
    await world.rest()
    _check(await rows("SELECT * FROM notification"), source, world)


def _check(mails, source, world):
    by_id = {mail["id"]: mail for mail in mails}
    # Nothing is missing, nothing is invented: a mail for each piece of news, and for nothing else.
    assert {
        (mail["kind"], mail["assignment_id"], mail["user_oid"].int, mail["lsn"]) for mail in mails
    } == source.news
    for mail in mails:
        times = world.taken[mail["id"]]
        assert times <= (2 if mail["in_doubt"] else 1)
        assert mail["state"] in {"accepted", "bounced", "suppressed", "unconfirmed"}
        if mail["state"] == "accepted":
            assert times >= 1
        if mail["state"] in {"bounced", "suppressed"} and not mail["in_doubt"]:
            assert times == 0
    # One person hears of one assignment in the order of its changes; a repeat changes nothing of that.
    heard = {}
    for id_ in dict.fromkeys(world.order):
        mail = by_id[id_]
        heard.setdefault((mail["assignment_id"], mail["user_oid"]), []).append(mail["lsn"])
    assert all(lsns == sorted(lsns) for lsns in heard.values())
    # Who has an assignment in the end was told so, unless the mail server refused or hid its answer.
    for number, row in source.rows.items():
        if number in source.silent:
            continue
        last = max(
            (mail for mail in mails if (mail["assignment_id"], mail["kind"]) == (number, "assigned")),
            key=lambda mail: mail["lsn"],
        )
        assert last["user_oid"].int == row["user"]
        assert last["state"] in {"accepted", "bounced", "unconfirmed"}


@pytest.fixture
def make_feed(feed):
    return type(feed)
