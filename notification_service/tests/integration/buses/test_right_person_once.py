"""Invariant 2 over random histories: who is told what, whatever is chosen, repeated, lost or interrupted.

The senders are played step by step here, so that they can die at each of them; the queue, its rules and the
database are the real ones. Clocks are changed in the night after the histories begin.
"""

import asyncio
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import text

from notification.events import decode_assignment, decode_meeting
from notification.kinds import CLOSING, traits
from notification.mail.outcome import Outcome, Result
from notification.models import Notification
from notification.queries import mails, sending
from notification.queries.digests import reconsider
from notification.service.claim import claim_due
from notification.service.record import ChangeRecorder
from notification.service.route import Rules
from notification.service.settle import LOST, Backoff, Settlement, settle
from service_kit.db import Database
from service_kit.testing import ManualClock

# Nothing grows old here: that is another test's.
LEASE, RULES = timedelta(seconds=30), Rules(max_age=timedelta(days=1000), burst=timedelta(seconds=60))
BACKOFF = Backoff(timedelta(minutes=1), timedelta(minutes=5))
ZONE = ZoneInfo("Europe/Berlin")
NIGHTS = (datetime(2027, 3, 27, 20, tzinfo=UTC), datetime(2027, 10, 30, 20, tzinfo=UTC))
PEOPLE = (1, 2)
# Of theirs nothing changes, so nobody is without an assignment.
LASTING = {1: 91, 2: 92}
TAKEN = {"accept", "take and lose", "take and die"}
RESULTS = {
    "accept": Outcome.ACCEPTED,
    "defer": Outcome.DEFERRED,
    "refuse": Outcome.REFUSED,
    "lose": Outcome.UNCONFIRMED,
    "take and lose": Outcome.UNCONFIRMED,
}
ENDS = st.sampled_from([*["accept"] * 4, "defer", "refuse", "lose", "take and lose", "die", "take and die"])
DELIVERIES = st.sampled_from(
    [
        {"delivery": "off"},
        {"delivery": "hourly"},
        {"delivery": "daily", "at": "02:30"},
        {"delivery": "immediately"},
    ]
)
MAILS = "SELECT * FROM notification WHERE kind <> 'digest'"


class Company:
    """The source's table of assignments: small, and never at rest."""

    def __init__(self, feed):
        self.feed = feed
        self.rows = {}
        self.log = [feed.change("r", number, user=user, **self._zone()) for user, number in LASTING.items()]
        # Kind, assignment, person and version of each piece of news.
        self.news = []
        # Assignments of whose present holder only a snapshot told.
        self.silent = set()
        # Assignments that ever changed hands so.
        self.slipped = set()

    def change(self, number, what, at):
        row = self.rows.get(number)
        if row is None:
            row = self.rows[number] = {"user": 1, "team": 1, "team_name": "A"}
            self._write("c", number, at, row, [("assigned", row["user"])])
        elif what == "end":
            del self.rows[number]
            self._write("d", number, at, row, [("removed", row["user"])])
        elif what == "rename":
            row["team_name"] += "A"
            self._write("u", number, at, row, [])
        elif what == "move":
            row["team"] += 1
            self._write("u", number, at, row, [("changed", row["user"])])
        elif what == "lost hand over":
            row["user"] = 3 - row["user"]
            self._write("r", number, at, row, [])
            self.silent.add(number)
            self.slipped.add(number)
        else:
            old, row["user"] = row["user"], 3 - row["user"]
            self._write("u", number, at, row, [("removed", old), ("assigned", row["user"])])

    def bring(self, user, at):
        """An import of three."""
        import_oid = str(uuid4())
        for number in range(len(self.news) + 100, len(self.news) + 103):
            row = self.rows[number] = {"user": user, "team": 1, "team_name": "A"}
            self._write("c", number, at, {**row, "import_oid": import_oid}, [("assigned", user)])

    def _write(self, op, number, at, row, news):
        self.log.append(self.feed.change(op, number, at=at, **row, **self._zone()))
        if any(kind == "assigned" for kind, _ in news):
            self.silent.discard(number)
        self.news += [(kind, f"assignment:{number}", user, self.feed.lsn) for kind, user in news]

    def _zone(self):
        return {"user_time_zone": ZONE.key}


class Organizer:
    """A meeting at its source."""

    def __init__(self, bus):
        self.bus = bus
        self.asked = set()
        self.log = []

    def does(self, step, at):
        before = set(self.asked)
        verb, _, person = step.partition(" ")
        {"ask": self.asked.add, "leave": self.asked.discard}.get(verb, lambda _: None)(int(person or 0))
        to = dict.fromkeys(self.asked - before, "invite") | dict.fromkeys(before - self.asked, "cancel")
        if verb == "change":
            to = dict.fromkeys(self.asked, "update")
        if to:
            self.log.append((uuid4(), to, str(len(self.log) + 1), at))

    def messages(self, since):
        """The events from one on; one that is sent again stands at another offset."""
        return [
            self.bus.meeting(to=to, place=place, uid=uid, at=at) for uid, to, place, at in self.log[since:]
        ]


class Notifier(RuleBasedStateMachine):
    """The notifier between its sources and a mail server, and what must hold for it."""

    def __init__(self, run, url, make_feed, make_bus):
        super().__init__()
        self.run = run
        self.database = Database(url, application_name="test")
        self.company, self.meeting = Company(make_feed()), Organizer(make_bus())
        self.read = {self.company: 0, self.meeting: 0}
        self.chosen = {person: {} for person in PEOPLE}
        self.quiet = dict.fromkeys(PEOPLE, False)
        # Who ever wanted no mails of a kind.
        self.refused = set()
        self.clock = ManualClock()
        # What the server took: Message-ID → times; and by which of these each mail was told.
        self.taken = Counter()
        self.told_by = defaultdict(set)
        # The mails in the order in which each person first heard of them.
        self.heard = defaultdict(list)

    @initialize(night=st.sampled_from(NIGHTS))
    def begin(self, night):
        self.clock = ManualClock(night)
        self.run(self._begin())

    async def _begin(self):
        async with self.database.transaction() as session:
            await session.execute(
                text("TRUNCATE assignment, notification, attempt, preference, bounced_address")
            )
        self.recorder = ChangeRecorder(
            clock=self.clock, max_event_age=RULES.max_age, notify_renames=False, mail_domain="suite.example"
        )

    @property
    def now(self):
        return self.clock.now()

    # What happens at the sources.

    @rule(
        number=st.integers(1, 2),
        what=st.sampled_from(["move", "hand over", "end", "rename", "lost hand over"]),
    )
    def change(self, number, what):
        self.company.change(number, what, self.now)

    @rule(user=st.sampled_from(PEOPLE))
    def bring(self, user):
        self.company.bring(user, self.now)

    @rule(step=st.sampled_from(["change", "ask 1", "leave 1", "ask 2", "leave 2"]))
    def meet(self, step):
        self.meeting.does(step, self.now)

    # What people do.

    @rule(
        person=st.sampled_from(PEOPLE),
        kind=st.sampled_from(["assigned", "removed", "changed"]),
        how=DELIVERIES,
    )
    def choose(self, person, kind, how):
        self.chosen[person][kind] = how
        self._decide_anew(person)

    @rule(person=st.sampled_from(PEOPLE), kind=st.sampled_from(["assigned", "invited"]))
    def unsubscribe(self, person, kind):
        self.choose(person, kind, {"delivery": "off"})

    @rule(person=st.sampled_from(PEOPLE))
    def turn_quiet_hours(self, person):
        self.quiet[person] = not self.quiet[person]
        self._decide_anew(person)

    def _decide_anew(self, person):
        off = {kind for kind, how in self.chosen[person].items() if how["delivery"] == "off"}
        self.refused |= {(kind, person) for kind in off}
        self.run(self._write_choice(person))

    async def _write_choice(self, person):
        quiet = "'22:00', '08:00'" if self.quiet[person] else "NULL, NULL"
        statement = text(
            "INSERT INTO preference (user_oid, quiet_from, quiet_until, kinds, version, updated_at)"
            f" VALUES (:oid, {quiet}, CAST(:kinds AS jsonb), 1, now()) ON CONFLICT (user_oid) DO UPDATE SET"
            " quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, kinds = excluded.kinds"
        )
        chosen = {"oid": UUID(int=person), "kinds": json.dumps(self.chosen[person])}
        async with self.database.transaction() as session:
            await session.execute(statement, chosen)
            await reconsider(session, user_oid=UUID(int=person), now=self.now)

    @rule(which=st.integers(0, 50))
    def ask_for_one_again(self, which):
        self.run(self._ask_for_one_again(which))

    async def _ask_for_one_again(self, which):
        asked = f"{MAILS} AND state IN ('accepted', 'bounced') AND NOT in_doubt ORDER BY lsn, id"
        if found := await self._rows(asked):
            async with self.database.transaction() as session:
                mail = await session.get_one(Notification, found[which % len(found)]["id"])
                again = f"<{uuid4()}@suite.example>"
                await mails.resend(session, mail, message_id=again, by=UUID(int=9), now=self.now)

    # What becomes of it.

    @rule(how=st.sampled_from(["once", "once", "thrice", "rolled back"]), back=st.integers(0, 9))
    def deliver(self, how, back):
        self.run(self._deliver(how, back))

    async def _deliver(self, how, back=0):
        """Hand the new messages over, perhaps others again, perhaps with a crash before the commit."""
        changes, events = self.company.log, self.meeting.messages(self.read[self.meeting])
        batch = changes[self.read[self.company] :]
        if how == "thrice":
            again = changes[max(0, self.read[self.company] - back) :]
            batch, events = [*again, *batch, *again], [*self.meeting.messages(back), *events]
        async with self.database.transaction() as session:
            await self.recorder.record(session, [decode_assignment(message) for message in batch])
            await self.recorder.record_meetings(session, [decode_meeting(message) for message in events])
            if how == "rolled back":
                await session.rollback()
                return
        self.read = {source: len(source.log) for source in self.read}

    @rule(minutes=st.sampled_from([0, 1, 30, 60, 300]))
    def pass_time(self, minutes):
        self.run(self.clock.advance(60 * minutes))

    @rule(counts=st.lists(st.integers(1, 5), min_size=1, max_size=3), how=ENDS)
    def attempt(self, counts, how):
        self.run(self._attempt(counts, how))

    async def _attempt(self, counts, how):
        """Senders of their own take mails at once; all their attempts end in the same way."""
        await asyncio.gather(*(self._send(count, how) for count in counts))
        if how not in RESULTS:
            await self.clock.advance(LEASE.total_seconds() + 1)
            async with self.database.transaction() as session:
                await sending.recover(session, owner=uuid4(), now=self.now, detail=LOST)

    async def _send(self, count, how):
        owner = uuid4()
        async with self.database.transaction() as session:
            claim = await claim_due(session, owner=owner, limit=count, now=self.now, lease=LEASE, rules=RULES)
            rows = (await session.execute(text("SELECT * FROM notification ORDER BY lsn"))).mappings().all()
            carried = {mail.letter.id: _carried(mail.letter, rows) for mail in claim.mails}
            await self._check_claim(session, claim.mails, carried)
        for mail in claim.mails if how in TAKEN else []:
            self._take(mail.letter, carried[mail.letter.id])
        if how in RESULTS:
            ends = [Settlement(mail, Result(RESULTS[how], how)) for mail in claim.mails]
            async with self.database.transaction() as session:
                await settle(session, ends, owner=owner, now=self.now, backoff=BACKOFF)

    def _take(self, letter, carried):
        self.taken[letter.message_id] += 1
        for row in carried:
            if not self.told_by[row["id"]]:
                self.heard[row["subject"], row["source"], row["user_oid"].int].append(row)
            self.told_by[row["id"]].add(letter.message_id)

    # What must hold.

    async def _check_claim(self, session, claimed, carried):
        """Nobody is told, and nobody is told now, what is not to be told to them by what is known."""
        living = await session.execute(text("SELECT id, user_oid FROM assignment WHERE NOT deleted"))
        holders = {f"assignment:{row.id}": row.user_oid for row in living}
        fresh = [mail for mail in claimed if not mail.in_doubt]
        for mail in fresh:
            letter, rows = mail.letter, carried[mail.letter.id]
            person = letter.user_oid.int
            again = any(row["id"] == letter.id and row["resends"] for row in rows)
            assert len(letter.members) == (len(rows) if len(rows) > 1 else 0)
            assert again or not (self.quiet[person] and _is_night(self.now))
            for row in rows:
                assert row["user_oid"].int == person
                assert again or self._delivery(row) != "off"
                if row["kind"] not in CLOSING and row["source"] == "assignments":
                    assert holders[row["subject"]] == row["user_oid"]
            if rows[0]["id"] == letter.id and not again and traits(letter.kind).groups:
                assert self._delivery(rows[0]) == "immediately"
        alone = [mail.letter for mail in fresh if carried[mail.letter.id][0]["resends"] == 0]
        alone = [letter for letter in alone if carried[letter.id][0]["id"] == letter.id and mail.attempt == 1]
        groups = Counter((letter.user_oid, letter.kind) for letter in alone if traits(letter.kind).groups)
        assert set(groups.values()) <= {1}

    def _delivery(self, row):
        return self.chosen[row["user_oid"].int].get(row["kind"], {}).get("delivery", "immediately")

    def teardown(self):
        self.run(self._end())

    async def _end(self):
        """Everything arrives, and the mail server takes everything."""
        try:
            await self._deliver("once")
            while due := await self._next_due():
                await self.clock.advance(max(0, (due - self.now).total_seconds()))
                await self._attempt([5, 5], "accept")
            await self._check()
        finally:
            await self.database.close()

    async def _next_due(self):
        async with self.database.read() as session:
            return await sending.next_due(session)

    async def _rows(self, query):
        async with self.database.read() as session:
            return (await session.execute(text(query))).mappings().all()

    async def _check(self):
        found = await self._rows(MAILS)
        carriers = {row["id"]: row for row in await self._rows("SELECT * FROM notification")}
        # Nothing is missing, nothing is invented: a mail for each piece of news, and for nothing else.
        ours = [row for row in found if row["source"] == "assignments"]
        assert sorted((r["kind"], r["subject"], r["user_oid"].int, r["lsn"]) for r in ours) == sorted(
            self.company.news
        )
        assert len(found) - len(ours) == sum(len(to) for _uid, to, _place, _at in self.meeting.log)
        for row in found:
            self._check_told(row, carriers)
        for row in carriers.values():
            assert self.taken[row["message_id"]] <= (2 if row["in_doubt"] else 1)
            assert row["state"] in {"accepted", "bounced", "suppressed", "unconfirmed"}
        # A person hears of one subject in the order of its news; that it goes again changes nothing of that.
        for rows in self.heard.values():
            lsns = [row["lsn"] for row in rows]
            assert lsns == sorted(lsns)
        self._check_holders(found, carriers)

    def _check_told(self, row, carriers):
        """It was told once, in one mail, or never, for a true reason."""
        assert row["digest_id"] is None or row["reason"] == "digest"
        ways = len(self.told_by[row["id"]])
        assert ways <= 1 + row["resends"]
        match row["reason"]:
            case "digest":
                carrier = carriers[row["digest_id"]]
                assert carrier["user_oid"] == row["user_oid"]
                assert ways == (carrier["state"] == "accepted") or carrier["state"] != "accepted"
            case "unsubscribed":
                assert (row["kind"], row["user_oid"].int) in self.refused
            case "stale":
                assert self._is_void(row, carriers.values())
            case "bounced_before":
                assert any(other["state"] == "bounced" for other in carriers.values())
        if row["state"] == "accepted":
            assert ways >= 1
        if row["reason"] not in {None, "digest"} and not row["resends"]:
            assert ways == 0

    def _is_void(self, row, rows):
        later = [
            other
            for other in rows
            if (other["subject"], other["user_oid"]) == (row["subject"], row["user_oid"])
            and other["lsn"] > row["lsn"]
        ]
        if row["source"] == "meetings" and later:
            return True
        if row["kind"] in CLOSING:
            heard = self.heard[row["subject"], row["source"], row["user_oid"].int]
            before = [other for other in heard if other["lsn"] < row["lsn"]]
            return not before or before[-1]["kind"] in CLOSING
        number = int(row["subject"].partition(":")[2])
        gone = number in self.company.slipped or any(other["kind"] == "removed" for other in later)
        return row["source"] == "assignments" and (gone or number not in self.company.rows)

    def _check_holders(self, found, carriers):
        """Who has an assignment in the end was told so, unless they or the mail server did not want it."""
        for number, row in self.company.rows.items():
            if number in self.company.silent:
                continue
            told = [it for it in found if (it["subject"], it["kind"]) == (f"assignment:{number}", "assigned")]
            last = max(told, key=lambda it: it["lsn"])
            assert last["user_oid"].int == row["user"]
            if last["reason"] not in {"unsubscribed", "bounced_before"}:
                carrier = carriers[last["digest_id"]] if last["reason"] == "digest" else last
                assert carrier["state"] in {"accepted", "bounced", "unconfirmed"}


def _carried(letter, rows):
    """The mails that a letter tells of, in the order of their news: its own, or those of a digest."""
    members = [row for row in rows if row["digest_id"] == letter.id]
    return members or [row for row in rows if row["id"] == letter.id]


def _is_night(moment):
    hour = moment.astimezone(ZONE).hour
    return hour >= 22 or hour < 8


def test_each_change_is_told_once_to_the_right_person(database_url, feed, bus):
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            partial(Notifier, runner.run, database_url, type(feed), partial(type(bus), bus.now)),
            settings=settings(
                max_examples=60,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
                report_multiple_bugs=False,
            ),
        )
