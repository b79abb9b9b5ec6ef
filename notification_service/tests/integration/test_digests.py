"""What waits, and what brings it: digests and bursts, with several senders on a real database."""

import asyncio
import json
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from notification.delivery.queue import Policy, Queue
from notification.mail.outcome import Outcome, Result
from notification.queries.digests import reconsider
from notification.service.settle import Backoff, Settlement
from service_kit.testing import ManualClock

BURST_S = 60
HOURLY = {"delivery": "hourly"}
OFF = {"delivery": "off"}


def daily(at):
    return {"delivery": "daily", "at": at}


@pytest.fixture
def clock(now):
    return ManualClock(now)


@pytest.fixture
def make_sender(database, clock):
    """A sender's side of the queue; all that it takes ends in the given way."""

    def make():
        policy = Policy(
            lease=timedelta(hours=1),
            burst=timedelta(seconds=BURST_S),
            backoff=Backoff(timedelta(), timedelta()),
        )
        queue = Queue(database, clock=clock, policy=policy)

        async def send(outcome=Outcome.ACCEPTED, limit=20):
            letters, due = [], True
            while due:
                done = await queue.exchange([], limit=limit, held=[])
                letters += [mail.letter for mail in done.mails]
                ends = [Settlement(mail, Result(outcome, "as it was to be")) for mail in done.mails]
                await queue.exchange(ends, limit=0, held=done.mails)
                # Where another sender decides about somebody, it looks again.
                due = outcome is Outcome.ACCEPTED and done.due_in is not None and done.due_in <= 0
            return letters

        return send

    return make


@pytest.fixture
def send(make_sender):
    return make_sender()


@pytest.fixture
def choose(database):
    """Write what people chose, without what follows from it."""

    async def write(*people, time_zone=None, quiet=(None, None), **kinds):
        statement = text(
            "INSERT INTO preference"
            " (user_oid, time_zone, quiet_from, quiet_until, kinds, version, updated_at)"
            " SELECT u.oid, :time_zone, :quiet_from, :quiet_until, CAST(:kinds AS jsonb), 1, now()"
            " FROM unnest(CAST(:people AS uuid[])) AS u(oid) ON CONFLICT (user_oid) DO UPDATE"
            " SET kinds = excluded.kinds, quiet_from = excluded.quiet_from,"
            " quiet_until = excluded.quiet_until"
        )
        chosen = {
            "people": [UUID(int=person) for person in people],
            "time_zone": time_zone,
            "quiet_from": quiet[0],
            "quiet_until": quiet[1],
            "kinds": json.dumps(kinds),
        }
        async with database.transaction() as session:
            await session.execute(statement, chosen)

    return write


@pytest.fixture
def standing(rows):
    """State and reason of the mails of a kind, in the order of their changes."""

    async def fetch(kind="assigned"):
        found = await rows(
            "SELECT coalesce(reason, state) AS standing FROM notification WHERE kind = :kind"
            " ORDER BY epoch, lsn, user_oid, next_attempt_at",
            kind=kind,
        )
        return [row["standing"] for row in found]

    return fetch


def about(letter):
    """The assignments that a letter tells of."""
    return [member.subject for member in letter.members] or [letter.subject]


async def test_the_first_goes_at_once_and_those_that_follow_soon_come_together(
    apply, feed, send, clock, standing
):
    await apply(feed.change("c", 1))
    assert [about(letter) for letter in await send()] == [["assignment:1"]]
    for number in (2, 3):
        await clock.advance(10)
        await apply(feed.change("c", number))
        assert await send() == []
    await clock.advance(BURST_S - 10)
    (digest,) = await send()
    assert (digest.kind, digest.payload) == ("digest", {"window": "burst", "kind": "assigned"})
    assert about(digest) == ["assignment:2", "assignment:3"]
    assert await standing() == ["accepted", "digest", "digest"]
    # Who has had a quiet minute is told at once again.
    await clock.advance(BURST_S)
    await apply(feed.change("c", 4))
    assert [about(letter) for letter in await send()] == [["assignment:4"]]


async def test_what_waited_for_a_sender_goes_together_however_few_it_looks_at(apply, feed, send, clock):
    await apply(*[feed.change("c", number) for number in (1, 2, 3)])
    await clock.advance(2 * BURST_S)
    assert await send(limit=1) == []
    await clock.advance(BURST_S)
    (digest,) = await send()
    assert about(digest) == ["assignment:1", "assignment:2", "assignment:3"]


async def test_an_import_is_one_mail_to_each_person_with_several_senders(
    apply, feed, make_sender, clock, rows
):
    senders = [make_sender() for _ in range(4)]
    imported = {"import_oid": str(uuid4())}

    async def go():
        sent = await asyncio.gather(*(send(limit=3) for send in senders))
        return [letter for letters in sent for letter in letters]

    # In four batches, each of which may find that the ones before have been dealt with.
    for tens in range(4):
        numbers = range(10 * tens, 10 * tens + 10)
        await apply(
            *[
                feed.change("c", 1 + number + 100 * user, user=user, **imported)
                for number in numbers
                for user in (1, 2)
            ]
        )
        assert await go() == []
        await clock.advance(5)
    # What is imported is imported at once: it need not wait for as long as what people do.
    await clock.advance(5)
    letters = await go()
    assert sorted((letter.user_oid.int, len(letter.members)) for letter in letters) == [(1, 40), (2, 40)]
    assert await rows("SELECT id FROM notification WHERE state IN ('queued', 'retrying', 'sending')") == []


async def test_what_ends_at_one_moment_is_one_digest_and_what_comes_then_is_in_the_next(
    apply, feed, make_sender, choose, clock, now
):
    first, second = make_sender(), make_sender()
    people = range(1, 31)
    # By the clock of Moscow, where it is 13:00.
    await choose(*people, assigned=HOURLY, removed=daily("14:00"))
    for user in people:
        await apply(feed.change("r", user, user=user), feed.change("c", 100 + user, user=user))
        await apply(feed.change("d", user, user=user))
    assert await first() == []
    await clock.advance(3600)
    # The window is over now, and this comes just now.
    await apply(*[feed.change("c", 200 + user, user=user, at=clock.now()) for user in people])
    sent = await asyncio.gather(first(limit=7), second(limit=7), first(limit=7))
    ended = {letter.user_oid.int: about(letter) for letters in sent for letter in letters}
    assert ended == {user: [f"assignment:{100 + user}", f"assignment:{user}"] for user in people}
    await clock.advance(3600)
    sent = await asyncio.gather(first(limit=7), second(limit=7))
    assert sorted(about(letter) for letters in sent for letter in letters) == sorted(
        [f"assignment:{200 + user}"] for user in people
    )
    assert clock.now() == now + timedelta(hours=2)


@pytest.mark.parametrize(
    ("begin", "window", "ends"),
    [
        # Berlin, 2027-03-28: after 01:59 comes 03:00. A time that is skipped counts where the gap ends.
        (datetime(2027, 3, 27, 2, tzinfo=UTC), daily("02:30"), [(28, 1, 0), (29, 0, 30)]),
        (datetime(2027, 3, 28, 0, 30, tzinfo=UTC), HOURLY, [(28, 1, 0), (28, 2, 0)]),
        # 2027-10-31: 02:00 to 03:00 comes twice.
        (datetime(2027, 10, 30, 12, tzinfo=UTC), daily("02:30"), [(31, 0, 30), (32, 1, 30)]),
        (datetime(2027, 10, 30, 23, 30, tzinfo=UTC), HOURLY, [(31, 0, 0), (31, 1, 0)]),
    ],
    ids=["daily in spring", "hourly in spring", "daily in autumn", "hourly in autumn"],
)
async def test_each_window_has_one_digest_when_the_clocks_are_changed(
    apply, feed, send, choose, clock, begin, window, ends
):
    await clock.advance((begin - clock.now()).total_seconds())
    await choose(1, time_zone="Europe/Berlin", assigned=window)
    numbers = iter(range(1, 1000))
    digests = []
    midnight = begin.replace(day=1, hour=0, minute=0)
    moments = [midnight + timedelta(days=day - 1, hours=hour, minutes=minute) for day, hour, minute in ends]
    while clock.now() <= moments[-1]:
        await apply(feed.change("c", next(numbers), at=clock.now()))
        for letter in await send():
            digests.append((clock.now(), letter))
        await clock.advance(1800)
    assert [at for at, _ in digests] == moments
    told = [one for _, letter in digests for one in about(letter)]
    assert len(told) == len(set(told))


async def test_of_what_has_waited_only_what_is_true_is_told(apply, feed, send, choose, clock, standing):
    await choose(1, assigned=HOURLY, removed=HOURLY)
    await apply(feed.change("c", 1), feed.change("c", 2), feed.change("c", 3))
    await send()
    await apply(feed.change("d", 1), feed.change("d", 2))
    await clock.advance(3600)
    (letter,) = await send()
    # A single one needs no frame; the mail is the digest's all the same.
    assert (letter.kind, letter.subject, letter.members) == ("assigned", "assignment:3", ())
    assert await standing() == ["stale", "stale", "digest"]
    # They never heard of it.
    assert await standing("removed") == ["stale", "stale"]
    assert await standing("digest") == ["accepted"]


async def test_what_a_digest_does_not_bring_after_all_has_none(apply, feed, send, choose, clock, mails):
    await choose(1, assigned=HOURLY)
    await apply(*[feed.change("c", number) for number in (1, 2, 3)])
    await send()
    await apply(feed.change("d", 1))
    await clock.advance(3600)
    (letter,) = await send()
    assigned = [mail for mail in await mails() if mail["kind"] == "assigned"]
    assert {mail["subject"]: mail["digest_id"] for mail in assigned} == {
        "assignment:1": None,
        "assignment:2": letter.id,
        "assignment:3": letter.id,
    }


async def test_a_digest_of_nothing_does_not_go(apply, feed, send, choose, clock, standing, mails):
    await choose(1, assigned=HOURLY)
    await apply(feed.change("c", 1))
    await send()
    await apply(feed.change("u", 1, user=2))
    assert [letter.user_oid.int for letter in await send()] == [2]
    await clock.advance(3600)
    assert await send() == []
    assert await standing("digest") == ["stale"]
    assert {mail["digest_id"] for mail in await mails()} == {None}


@pytest.fixture
def rename_kind(database):
    """Make mails about these assignments ones of another release's kind."""

    async def rename(old, new, *assignments):
        statement = text(
            "UPDATE notification SET kind = :new"
            " WHERE kind = :old AND assignment_id = ANY(CAST(:assignments AS bigint[]))"
        )
        async with database.transaction() as session:
            await session.execute(statement, {"old": old, "new": new, "assignments": list(assignments)})

    return rename


async def test_what_only_a_newer_release_has_words_for_is_left_to_its_senders(
    apply, feed, send, rename_kind, rows
):
    await apply(feed.change("c", 1), feed.change("c", 2, user=2))
    await rename_kind("assigned", "birthday", 1)
    await apply(feed.change("u", 1, team=2))
    # An older sender has nothing to do with it, nor with what must not be told before it.
    assert [letter.user_oid.int for letter in await send()] == [2]
    waiting = "SELECT kind, state, attempts FROM notification WHERE user_oid = :ann ORDER BY lsn"
    assert await rows(waiting, ann=UUID(int=1)) == [
        {"kind": "birthday", "state": "queued", "attempts": 0},
        {"kind": "changed", "state": "queued", "attempts": 0},
    ]
    await rename_kind("birthday", "assigned", 1)
    for kind in ("assigned", "changed"):
        assert [(letter.kind, about(letter)) for letter in await send()] == [(kind, ["assignment:1"])]


@pytest.mark.parametrize("before", [None, Outcome.DEFERRED, Outcome.UNCONFIRMED])
async def test_what_only_a_newer_release_has_words_for_leaves_the_digest(
    apply, feed, send, choose, clock, rename_kind, mails, standing, before
):
    await choose(1, 2, assigned=HOURLY)
    await apply(*[feed.change("c", number) for number in (1, 2, 3)], feed.change("c", 4, user=2))
    await apply(feed.change("u", 2, team=2))
    await send()
    await clock.advance(3600)
    if before:
        assert len(await send(before)) == 2
    await rename_kind("assigned", "birthday", 2, 4)
    assert [(letter.kind, about(letter)) for letter in await send()] == [
        ("digest", ["assignment:1", "assignment:3"])
    ]
    assert await standing("birthday") == ["queued", "queued"]
    # It is about the same, and later.
    assert await standing("changed") == ["queued"]
    assert {mail["digest_id"] for mail in await mails() if mail["kind"] in {"birthday", "changed"}} == {None}
    # To the second person it had nothing else to bring.
    ends = {"accepted", "unconfirmed" if before is Outcome.UNCONFIRMED else "stale"}
    assert set(await standing("digest")) == ends


async def test_a_digest_that_is_tried_again_is_the_same_mail(apply, feed, send, choose, clock, rows):
    await choose(1, assigned=HOURLY)
    await apply(feed.change("c", 1), feed.change("c", 2))
    await send()
    await clock.advance(3600)
    (deferred,) = await send(Outcome.DEFERRED)
    (lost,) = await send(Outcome.UNCONFIRMED)
    # It may have arrived: whatever happens now, it is not to come again as another mail.
    await choose(1, assigned=OFF)
    await apply(feed.change("d", 1))
    (again,) = [letter for letter in await send() if letter.kind == "digest"]
    assert {one.message_id for one in (deferred, lost, again)} == {again.message_id}
    assert about(deferred) == about(lost) == about(again) == ["assignment:1", "assignment:2"]
    (digest,) = await rows("SELECT * FROM notification WHERE kind = 'digest'")
    assert (digest["state"], digest["attempts"]) == ("accepted", 3)


@pytest.fixture
def ask_again(database, clock):
    """As `POST /notifications/{id}/resend` does, for all digests."""

    async def ask():
        statement = (
            "UPDATE notification SET state = 'queued', reason = NULL, detail = NULL, resends = resends + 1,"
            " resent_at = :now, message_id = replace(message_id, '@', '.r1@'), next_attempt_at = :now"
            " WHERE kind = 'digest'"
        )
        async with database.transaction() as session:
            await session.execute(text(statement), {"now": clock.now()})

    return ask


@pytest.fixture
async def brought(apply, feed, send, choose, clock):
    """A digest of two that was accepted."""
    await choose(1, assigned=HOURLY)
    await apply(feed.change("c", 1), feed.change("c", 2))
    await send()
    await clock.advance(3600)
    (digest,) = await send()
    return digest


async def test_what_a_digest_has_told_stays_told_when_it_cannot_go_again(
    brought, ask_again, apply, feed, send, mails, database
):
    async with database.transaction() as session:
        bounced = "INSERT INTO bounced_address VALUES (:address, 2, now(), '550 5.1.1 gone', now())"
        await session.execute(text(bounced), {"address": brought.address})
    await ask_again()
    assert await send() == []
    found = [(mail["reason"], mail["digest_id"]) for mail in await mails() if mail["kind"] == "assigned"]
    assert found == [("digest", brought.id)] * 2
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM bounced_address"))
    await apply(feed.change("d", 1))
    assert [(letter.kind, about(letter)) for letter in await send()] == [("removed", ["assignment:1"])]


async def test_a_digest_goes_again_whatever_its_reader_chose(brought, ask_again, send, choose, clock):
    await choose(1, assigned=OFF, quiet=(time(0), time(23, 59)))
    await clock.advance(100 * 3600)
    await ask_again()
    assert [about(letter) for letter in await send()] == [["assignment:1", "assignment:2"]]


async def test_a_digest_that_goes_again_leaves_out_what_is_not_true_any_more(
    brought, ask_again, apply, feed, send, mails
):
    await ask_again()
    await apply(feed.change("d", 1))
    assert sorted((letter.kind, about(letter)) for letter in await send()) == [
        ("assigned", ["assignment:2"]),
        ("removed", ["assignment:1"]),
    ]
    # It was told all the same.
    found = [(mail["reason"], mail["digest_id"]) for mail in await mails() if mail["kind"] == "assigned"]
    assert found == [("digest", brought.id)] * 2


async def test_what_a_bounced_digest_leaves_out_when_it_goes_again_was_never_told(
    apply, feed, send, choose, clock, ask_again, standing
):
    await choose(1, assigned=HOURLY)
    await apply(feed.change("c", 1), feed.change("c", 2))
    await send()
    await clock.advance(3600)
    await send(Outcome.REFUSED)
    await apply(feed.change("d", 1))
    await ask_again()
    await send()
    assert await standing() == ["stale", "digest"]
    assert await standing("digest") == ["accepted"]


async def test_a_burst_that_goes_again_is_joined_by_nothing(apply, feed, send, clock, ask_again):
    await apply(feed.change("c", 1))
    await send()
    await apply(feed.change("c", 2), feed.change("c", 3))
    await send()
    await clock.advance(BURST_S)
    assert [about(letter) for letter in await send()] == [["assignment:2", "assignment:3"]]
    await ask_again()
    await apply(feed.change("c", 4), feed.change("c", 5))
    assert [about(letter) for letter in await send()] == [["assignment:2", "assignment:3"]]
    await clock.advance(BURST_S)
    assert [about(letter) for letter in await send()] == [["assignment:4", "assignment:5"]]


async def test_a_dissolved_digest_that_was_asked_for_gathers_until_its_window_ends(
    apply, feed, send, choose, clock, database, ask_again
):
    await choose(1, assigned=HOURLY)
    await apply(feed.change("c", 1))
    await send()
    await choose(1)
    async with database.transaction() as session:
        await reconsider(session, user_oid=UUID(int=1), now=clock.now())
    await ask_again()
    assert [letter.kind for letter in await send()] == ["assigned"]
    await choose(1, assigned=HOURLY)
    await apply(feed.change("c", 2), feed.change("c", 3))
    assert await send() == []
    await apply(feed.change("d", 2))
    await clock.advance(3600)
    assert [about(letter) for letter in await send()] == [["assignment:3"]]


async def test_news_waits_where_older_news_of_the_same_waits(apply, feed, send, choose, clock):
    await choose(1, assigned=HOURLY)
    await apply(feed.change("c", 1), feed.change("c", 2))
    await apply(feed.change("u", 1, team=2))
    assert await send() == []
    await clock.advance(3600)
    (letter,) = await send()
    assert [(member.kind, member.subject) for member in letter.members] == [
        ("assigned", "assignment:1"),
        ("assigned", "assignment:2"),
        ("changed", "assignment:1"),
    ]


async def test_it_is_quiet_at_night_and_in_the_morning_all_comes_together(apply, feed, send, choose, clock):
    # In Moscow it is 13:00.
    await choose(1, quiet=(time(12), time(15)), removed=HOURLY)
    await apply(*[feed.change("r", number) for number in (1, 2)], feed.change("c", 3), feed.change("c", 4))
    await apply(feed.change("d", 1), feed.change("d", 2))
    assert await send() == []
    await clock.advance(2 * 3600)
    (removed,) = await send()
    assert [member.kind for member in removed.members] == ["removed"] * 2
    await clock.advance(BURST_S)
    (assigned,) = await send()
    assert [member.kind for member in assigned.members] == ["assigned"] * 2


async def test_a_new_choice_is_for_what_waits_too(apply, feed, send, choose, clock, database, standing):
    async def choose_anew(**chosen):
        await choose(1, **chosen)
        async with database.transaction() as session:
            await reconsider(session, user_oid=UUID(int=1), now=clock.now())

    await choose_anew(assigned=daily("18:00"))
    await apply(feed.change("c", 1), feed.change("c", 2))
    await send()
    await choose_anew(assigned=HOURLY)
    await send()
    assert await standing("digest") == ["queued", "stale"]
    # The same window again: it has the same digest.
    await choose_anew(assigned=HOURLY, changed=OFF)
    await send()
    assert await standing("digest") == ["queued", "stale"]
    await clock.advance(3600)
    assert [about(letter) for letter in await send()] == [["assignment:1", "assignment:2"]]
    await apply(feed.change("c", 3))
    await send()
    await choose_anew(assigned=OFF)
    assert await send() == []
    assert await standing() == ["digest", "digest", "unsubscribed"]
    await choose_anew(quiet=(time(12), time(18)))
    await apply(feed.change("c", 4))
    assert await send() == []
    await choose_anew()
    assert [about(letter) for letter in await send()] == [["assignment:4"]]


async def test_who_is_not_known_yet_is_waited_for_and_who_is_gone_is_not(
    apply, feed, send, clock, database, rows, standing
):
    await apply(feed.change("c", 1, user=1), feed.change("c", 2, user=2))

    async def as_if(statement, **parameters):
        async with database.transaction() as session:
            await session.execute(text(statement), parameters)

    person = (
        "INSERT INTO person (oid, name, email, locale, role, is_active, updated_at, epoch, lsn, deleted)"
        " VALUES (:oid, 'Ann', 'ann@new.example', 'ru', 'employee', :active, now(), 0, 1, false)"
    )
    await as_if(
        "UPDATE notification"
        " SET source = 'news', subject = 'news:1', assignment_id = NULL, kind = 'team_news', recipient = NULL"
    )
    await as_if("DELETE FROM assignment")
    assert await send() == []
    (attempts,) = {row["attempts"] for row in await rows("SELECT attempts FROM notification")}
    assert attempts == 0
    await as_if(person, oid=UUID(int=1), active=True)
    await as_if(person, oid=UUID(int=2), active=False)
    assert await send() == []
    await clock.advance(10)
    (letter,) = await send()
    assert (letter.name, letter.address, letter.locale) == ("Ann", "ann@new.example", "ru")
    assert await standing("team_news") == ["accepted", "stale"]


async def test_many_joins_claims_and_choices_at_once_lose_and_repeat_nothing(
    apply, feed, make_sender, choose, clock, database, rows
):
    people = range(1, 101)
    await choose(*people, assigned=HOURLY)
    await apply(*[feed.change("c", 100 * user + number, user=user) for number in range(3) for user in people])

    async def change_minds():
        for user in people:
            async with database.transaction() as session:
                await reconsider(session, user_oid=UUID(int=user), now=clock.now())

    senders = [make_sender() for _ in range(4)]
    assert not any((await asyncio.gather(*(send() for send in senders), change_minds(), change_minds()))[:4])
    assert await senders[0]() == []
    await clock.advance(3600)
    # Some change their minds while their digests are sent.
    sent = await asyncio.gather(*(send() for send in senders), change_minds())
    told = [one for letters in sent[:4] for letter in letters for one in about(letter)]
    assert sorted(told) == sorted(
        f"assignment:{100 * user + number}" for number in range(3) for user in people
    )
    left = await rows("SELECT kind FROM notification WHERE state NOT IN ('accepted', 'suppressed')")
    assert left == []
