"""One sender's side of the queue, when the database fails it or another sender dies."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from notification.delivery.queue import Policy, Queue
from notification.mail.outcome import Outcome, Result
from notification.queries import due, sending
from notification.service.settle import Settlement
from service_kit.testing import ManualClock

LEASE_S = 30


@pytest.fixture
def clock(now):
    return ManualClock(now)


@pytest.fixture
def make_queue(database, clock):
    def make():
        return Queue(database, clock=clock, policy=Policy(lease=timedelta(seconds=LEASE_S)))

    return make


@pytest.fixture
def fail_once(database):
    """Let one exchange fail in the middle: nobody knows what it has done."""

    async def fail(queue, held):
        async with database.transaction() as session:
            await session.execute(text("LOCK TABLE notification"))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(queue.exchange([], limit=1, held=held), 0.2)

    return fail


async def test_after_a_failure_it_keeps_what_it_holds_and_returns_what_it_never_got(
    make_queue, fail_once, apply, feed, mails
):
    await apply(feed.change("c", 1), feed.change("c", 2))
    queue = make_queue()
    first, second = (await queue.exchange([], limit=2, held=[])).mails
    # As if the commit had worked and its answer was lost: the second mail was never handed over.
    held = [first]
    await fail_once(queue, held)
    await queue.exchange([], limit=0, held=held)
    states = {mail["id"]: (mail["state"], mail["attempts"], mail["in_doubt"]) for mail in await mails()}
    assert states == {first.letter.id: ("sending", 1, False), second.letter.id: ("queued", 0, False)}
    again = (await queue.exchange([], limit=2, held=held)).mails
    assert [(mail.letter.id, mail.attempt) for mail in again] == [(second.letter.id, 1)]


async def test_results_may_be_written_again(make_queue, apply, feed, mails):
    await apply(feed.change("c"))
    queue = make_queue()
    (mail,) = (await queue.exchange([], limit=1, held=[])).mails
    ends = [Settlement(mail, Result(Outcome.ACCEPTED, "250 ok"))]
    await queue.exchange(ends, limit=1, held=[mail])
    once = await mails()
    await queue.exchange(ends, limit=1, held=[])
    assert await mails() == once
    assert once[0]["state"] == "accepted"


async def test_a_living_sender_keeps_its_mails_and_a_dead_ones_come_back(
    make_queue, apply, feed, clock, mails
):
    await apply(feed.change("c", 1), feed.change("c", 2))
    living, dead, third = make_queue(), make_queue(), make_queue()
    await dead.exchange([], limit=1, held=[])
    await living.exchange([], limit=1, held=[])
    for _ in range(5):
        await clock.advance(LEASE_S / 3 + 1)
        await living.exchange([], limit=0, held=[])
    assert len((await third.exchange([], limit=5, held=[])).mails) == 1
    assert sorted((mail["attempts"], mail["in_doubt"]) for mail in await mails()) == [(1, False), (2, True)]


async def test_an_acceptance_counts_though_the_lease_is_lost(make_queue, apply, feed, clock, mails):
    await apply(feed.change("c"))
    slow, other = make_queue(), make_queue()
    (mail,) = (await slow.exchange([], limit=1, held=[])).mails
    await clock.advance(LEASE_S + 1)
    await other.exchange([], limit=0, held=[])
    await slow.exchange([Settlement(mail, Result(Outcome.ACCEPTED, "250 ok"))], limit=0, held=[])
    assert (await other.exchange([], limit=1, held=[])).mails == []
    assert [(mail["state"], mail["in_doubt"]) for mail in await mails()] == [("accepted", True)]


async def test_a_refusal_after_the_lease_is_lost_changes_nothing(make_queue, apply, feed, clock, mails):
    await apply(feed.change("c"))
    slow, other = make_queue(), make_queue()
    (mail,) = (await slow.exchange([], limit=1, held=[])).mails
    await clock.advance(LEASE_S + 1)
    await other.exchange([], limit=1, held=[])
    await slow.exchange([Settlement(mail, Result(Outcome.REFUSED, "550 no"))], limit=0, held=[])
    assert [(mail["state"], mail["attempts"]) for mail in await mails()] == [("sending", 2)]


async def test_a_mail_that_died_twice_is_not_sent_a_third_time(make_queue, apply, feed, clock, mails):
    await apply(feed.change("c"))
    for _ in range(2):
        assert len((await make_queue().exchange([], limit=1, held=[])).mails) == 1
        await clock.advance(LEASE_S + 1)
    assert (await make_queue().exchange([], limit=1, held=[])).mails == []
    assert [mail["state"] for mail in await mails()] == ["unconfirmed"]


async def test_it_says_when_the_next_mail_is_due(make_queue, apply, feed, clock):
    queue = make_queue()
    assert (await queue.exchange([], limit=1, held=[])).due_in is None
    await apply(feed.change("c", 1), feed.change("c", 2))
    done = await queue.exchange([], limit=1, held=[])
    assert done.due_in == 0
    (mail,) = done.mails
    (last,) = (await queue.exchange([], limit=1, held=[mail])).mails
    held = [mail, last]
    waits = await queue.exchange([Settlement(last, Result(Outcome.DEFERRED, "451"))], limit=0, held=held)
    assert 0 <= waits.due_in <= 4


async def test_taking_mails_looks_at_few_of_many(database, apply, feed, clock, rows):
    await apply(*[feed.change("c", number, user=number) for number in range(1, 2001)])
    async with database.transaction() as session:
        await session.execute(text("ANALYZE notification, assignment"))
        now = clock.now()
        parameters = due._parameters(now=now, oldest=now - timedelta(hours=72), burst=timedelta(minutes=1))
        take = await session.scalars(text(f"EXPLAIN {due._take(4).text}"), parameters)
        next_due = await session.scalars(text(f"EXPLAIN {sending._NEXT_DUE.text}"))
        plans = "\n".join([*take, *next_due])
        # Of what has no rows yet, it may read all.
        assert "Seq Scan on notification" not in plans
        assert "Seq Scan on assignment" not in plans
