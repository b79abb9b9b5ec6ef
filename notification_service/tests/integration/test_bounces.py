"""Addresses whose mails come back: two in a row are enough, one that arrives makes good."""

import pytest

from notification.delivery.queue import Policy, Queue
from notification.mail.outcome import Outcome, Result
from notification.queries import addresses
from notification.service.settle import Settlement

ANN = "user1@company.example"
GONE = Result(Outcome.REFUSED, "550 5.1.1 nobody here", hard=True)


@pytest.fixture
def queue(database, clock):
    return Queue(database, clock=clock, policy=Policy())


@pytest.fixture
def end_next(queue, apply, feed):
    """Write one more mail, take it, and let its attempt end like that."""

    async def end(result, *, times=1, **columns):
        await apply(feed.change("c", feed.lsn, **columns))
        (mail,) = (await queue.exchange([], limit=1, held=[])).mails
        for _ in range(times):
            await queue.exchange([Settlement(mail, result)], limit=0, held=[mail])

    return end


@pytest.fixture
def suppressed(database):
    async def look():
        async with database.read() as session:
            found = await addresses.find(session, suppressed=True, after=None, limit=10)
            return {one.address: one.detail for one in found}

    return look


async def test_two_hard_bounces_in_a_row_are_enough(end_next, suppressed):
    await end_next(GONE)
    assert await suppressed() == {}
    await end_next(GONE, user_email=ANN.upper())
    assert await suppressed() == {ANN: "550 5.1.1 nobody here"}


async def test_a_mail_that_is_accepted_makes_good(end_next, suppressed):
    await end_next(GONE)
    await end_next(Result(Outcome.ACCEPTED, "250 ok"))
    await end_next(GONE)
    assert await suppressed() == {}


async def test_a_refusal_of_the_mail_says_nothing_of_the_address(end_next, suppressed):
    for _ in range(3):
        await end_next(Result(Outcome.REFUSED, "554 5.7.1 spam"))
    assert await suppressed() == {}


async def test_an_end_that_is_written_again_counts_once(end_next, suppressed):
    await end_next(GONE, times=3)
    assert await suppressed() == {}
