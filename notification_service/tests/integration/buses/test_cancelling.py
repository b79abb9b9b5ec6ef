"""A task is deleted: what waits to be said of it is not said, wherever it waits."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from notification.delivery.queue import Policy, Queue
from notification.mail.outcome import Outcome, Result
from notification.service.settle import Backoff, Settlement
from service_kit.testing import ManualClock

ANN, HOUR_S = UUID(int=1), 3600


@pytest.fixture
def clock(now):
    return ManualClock(now)


@pytest.fixture
def queue(database, clock):
    """A sender's side of the queue; what is deferred is due again at once."""
    policy = Policy(lease=timedelta(days=1), backoff=Backoff(timedelta(), timedelta()))
    return Queue(database, clock=clock, policy=policy)


@pytest.fixture
def take(queue):
    async def claim():
        return (await queue.exchange([], limit=20, held=[])).mails

    return claim


@pytest.fixture
def end(queue):
    """Let attempts end in some way."""

    async def settle(mails, outcome):
        ends = [Settlement(mail, Result(outcome, "as it was to be")) for mail in mails]
        await queue.exchange(ends, limit=0, held=mails)

    return settle


@pytest.fixture
async def hourly(database):
    """The first person is known, and told of tasks each hour."""
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO person (oid, name, email, role, is_active, updated_at, epoch, lsn, deleted)"
                " VALUES (:oid, '', 'ann@company.example', '', true, now(), 0, 1, false)"
            ),
            {"oid": ANN},
        )
        await session.execute(
            text(
                "INSERT INTO preference (user_oid, kinds, version, updated_at)"
                """ VALUES (:oid, '{"task_assigned": {"delivery": "hourly"}}', 1, now())"""
            ),
            {"oid": ANN},
        )


@pytest.fixture
def standing(rows):
    """The state or the reason of the mail of each task, in the order of the tasks."""

    async def fetch():
        found = await rows(
            "SELECT coalesce(reason, state) AS standing FROM notification WHERE kind = 'task_assigned'"
            " ORDER BY subject"
        )
        return [row["standing"] for row in found]

    return fetch


def about(mail):
    """The tasks that a mail tells of, by their numbers."""
    letter = mail.letter
    subjects = [member.subject for member in letter.members] or [letter.subject]
    return [UUID(subject.removeprefix("task:")).int - 8000 for subject in subjects]


@pytest.fixture
async def two_tasks(hourly, tell, bus, take, clock):
    """Two tasks wait for the digest that is due now."""
    await tell(bus.task(number=1), bus.task(number=2))
    assert await take() == []
    await clock.advance(HOUR_S)


async def test_it_is_not_in_a_digest_that_is_not_begun(two_tasks, tell, bus, take, standing):
    await tell(bus.task("deleted", 1))
    assert await standing() == ["stale", "digest"]
    (mail,) = await take()
    assert about(mail) == [2]


async def test_it_is_not_in_the_next_attempt_of_a_digest_that_was_deferred(
    two_tasks, tell, bus, take, end, standing
):
    await end(await take(), Outcome.DEFERRED)
    await tell(bus.task("deleted", 1))
    assert await standing() == ["stale", "digest"]
    (mail,) = await take()
    assert about(mail) == [2]


async def test_what_is_being_sent_is_decided_but_only_for_this_attempt(
    two_tasks, tell, bus, take, end, standing
):
    begun = await take()
    await tell(bus.task("deleted", 1))
    assert await standing() == ["digest", "digest"]
    await end(begun, Outcome.DEFERRED)
    (mail,) = await take()
    assert about(mail) == [2]
    assert await standing() == ["stale", "digest"]


async def test_what_a_digest_has_told_stays_told(two_tasks, tell, bus, take, end, standing):
    begun = await take()
    await tell(bus.task("deleted", 1))
    await end(begun, Outcome.ACCEPTED)
    await tell(bus.task("deleted", 2))
    assert await standing() == ["digest", "digest"]


async def test_a_digest_that_may_have_arrived_goes_again_as_it_was(two_tasks, tell, bus, take, end, standing):
    (begun,) = await take()
    await end([begun], Outcome.UNCONFIRMED)
    await tell(bus.task("deleted", 1))
    (mail,) = await take()
    assert (mail.letter.message_id, about(mail)) == (begun.letter.message_id, [1, 2])
    assert await standing() == ["digest", "digest"]


async def test_a_mail_of_its_own_is_not_tried_again_either(tell, bus, take, end, standing, hourly, database):
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM preference"))
    await tell(bus.task(number=1))
    begun = await take()
    await tell(bus.task("deleted", 1))
    assert await standing() == ["sending"]
    await end(begun, Outcome.DEFERRED)
    assert await take() == []
    assert await standing() == ["stale"]
