"""Invariant 2 for meetings, over random histories: nobody is told twice, and all end up knowing how it is.

As in test_right_person_once.py the sender is played step by step, so that it can die at each of them.
"""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from notification.events import decode_meeting
from notification.mail.outcome import Outcome, Result
from notification.queries import sending
from notification.service.claim import claim_due
from notification.service.route import Rules
from notification.service.settle import LOST, Backoff, Settlement, settle

LEASE, MAX_AGE = timedelta(seconds=30), timedelta(hours=72)
BACKOFF = Backoff(timedelta(minutes=1), timedelta(minutes=5))
PEOPLE = (1, 2)
TAKEN = {"accept", "take and lose", "take and die"}
RESULTS = {
    "accept": Outcome.ACCEPTED,
    "defer": Outcome.DEFERRED,
    "lose": Outcome.UNCONFIRMED,
    "take and lose": Outcome.UNCONFIRMED,
}

# What happens to one meeting: it is changed, a person is asked or no longer asked.
steps = st.lists(st.sampled_from(["change", "ask 1", "leave 1", "ask 2", "leave 2"]), max_size=4)
deliveries = st.sampled_from(["once", "once", "thrice", "rolled back"])
attempts = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(["accept", "accept", "defer", "lose", "take and lose", "die", "take and die"]),
    ),
    max_size=3,
)


class Organizer:
    """The meeting at its source."""

    def __init__(self, bus):
        self.bus = bus
        self.asked = set()
        self.sequence = 0
        self.log = []

    def does(self, step):
        before = set(self.asked)
        verb, _, person = step.partition(" ")
        {"ask": self.asked.add, "leave": self.asked.discard}.get(verb, lambda _: None)(int(person or 0))
        to = dict.fromkeys(self.asked - before, "invite") | dict.fromkeys(before - self.asked, "cancel")
        if verb == "change":
            to = dict.fromkeys(self.asked, "update")
        if to:
            self.sequence += 1
            self.log.append((uuid4(), to, str(self.sequence)))

    def messages(self, since):
        """The events from one on; one that is sent again stands at another offset."""
        return [self.bus.meeting(to=to, place=place, uid=uid) for uid, to, place in self.log[since:]]


class World:
    """The notifier between the organizer and a mail server."""

    def __init__(self, database, recorder, organizer, now):
        self.database, self.recorder, self.organizer, self.now = database, recorder, organizer, now
        self.read = 0
        self.taken = Counter()
        # What each person's mailbox shows: kind and place of the mails in their order.
        self.inbox = {f"user{number}@company.example": [] for number in PEOPLE}

    async def deliver(self, how):
        messages = self.organizer.messages(self.read)
        if how == "thrice":
            messages = [*messages, *self.organizer.messages(max(0, self.read - 2)), *messages]
        async with self.database.transaction() as session:
            await self.recorder.record_meetings(session, list(map(decode_meeting, messages)))
            if how == "rolled back":
                await session.rollback()
                return
        self.read = len(self.organizer.log)

    async def attempt(self, count, how):
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
            await self._check_newest(session, claim.mails)
        for mail in claim.mails if how in TAKEN else []:
            letter = mail.letter
            if not self.taken[letter.id]:
                self.inbox[letter.address].append((letter.kind, int(letter.payload["meeting"]["place"])))
            self.taken[letter.id] += 1
        async with self.database.transaction() as session:
            if how in RESULTS:
                ends = [Settlement(mail, Result(RESULTS[how], how)) for mail in claim.mails]
                await settle(session, ends, owner=owner, now=self.now, backoff=BACKOFF)
            else:
                self.now += LEASE + timedelta(seconds=1)
                await sending.recover(session, owner=uuid4(), now=self.now, detail=LOST)

    async def _check_newest(self, session, mails):
        """Nobody is told what is not so any more, as far as is known at that moment."""
        newest = await session.execute(
            text("SELECT DISTINCT ON (user_oid) id FROM notification ORDER BY user_oid, lsn DESC")
        )
        assert {mail.letter.id for mail in mails} <= set(newest.scalars())

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
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rounds=st.lists(st.tuples(steps, deliveries, attempts), min_size=1, max_size=6))
async def test_each_person_ends_up_knowing_how_it_is(database, recorder, bus, now, rows, rounds):
    async with database.transaction() as session:
        await session.execute(text("TRUNCATE assignment, notification, attempt"))
    organizer = Organizer(bus)
    world = World(database, recorder, organizer, now)
    for happens, delivery, tries in rounds:
        for step in happens:
            organizer.does(step)
        await world.deliver(delivery)
        for attempt in tries:
            await world.attempt(*attempt)
    await world.rest()
    _check(await rows("SELECT * FROM notification"), organizer, world)


def _check(mails, organizer, world):
    assert len(mails) == sum(len(to) for _uid, to, _place in organizer.log)
    doubted = {mail["recipient"] for mail in mails if mail["in_doubt"]}
    for mail in mails:
        assert mail["state"] in {"accepted", "suppressed", "unconfirmed"}
        assert world.taken[mail["id"]] <= (2 if mail["in_doubt"] else 1)
    for number in PEOPLE:
        address = f"user{number}@company.example"
        inbox = world.inbox[address]
        places = [place for _kind, place in inbox]
        assert places == sorted(set(places))
        if address in doubted:
            # Whether they have a mail that nobody answered for is not known, so neither is what they need.
            continue
        kinds = [kind for kind, _place in inbox]
        told = [place for _uid, to, place in organizer.log if number in to]
        if number in organizer.asked:
            assert kinds[-1] in {"invited", "meeting_changed"}
            assert places[-1] == int(told[-1])
        else:
            assert kinds[-1:] in ([], ["meeting_cancelled"])
        # A change is a change of what they know; an end is the end of what they know.
        for before, after in zip([None, *kinds], kinds, strict=False):
            knows = before in {"invited", "meeting_changed"}
            assert knows or after == "invited"
