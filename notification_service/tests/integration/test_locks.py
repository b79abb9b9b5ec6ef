"""Consumers, senders and people's choices change the same mails at once, and none waits in a circle."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from notification.delivery.queue import Policy, Queue
from notification.mail.outcome import Outcome, Result
from notification.queries import digests, mails
from notification.service.settle import Settlement
from service_kit.testing import ManualClock

ANN, BOB = UUID(int=1), UUID(int=2)
ABOUT = [f"test:{number}" for number in range(1, 10)]


@pytest.fixture
def clock(now):
    return ManualClock(now)


@pytest.fixture
def queue_mail(database, clock):
    """Write a mail about the subject of its number, which has its id too."""

    async def write(number, *, user=ANN, due_in_s=3600, kind="assigned", digest=None):
        statement = text("""
            INSERT INTO notification (
                id, kind, source, subject, user_oid, epoch, lsn, committed_at, expires_at, recipient, payload,
                message_id, state, reason, digest_id, attempts, in_doubt, next_attempt_at, created_at)
            VALUES (:id, :kind, 'news', :subject, :user, 0, :number, :now, :expires, 'ann@company.example',
                '{}', '<1@company.example>', :state, :reason, :digest, 0, false, :due, :now)
        """)
        values = {
            "id": UUID(int=number),
            "kind": kind,
            "subject": f"test:{number}" if kind == "assigned" else "digest",
            "user": user,
            "number": number,
            "now": clock.now(),
            # So that a sender drops it.
            "expires": clock.now() if digest else None,
            "state": "suppressed" if digest else "queued",
            "reason": "digest" if digest else None,
            "digest": digest and UUID(int=digest),
            "due": clock.now() + timedelta(seconds=due_in_s),
        }
        async with database.transaction() as session:
            await session.execute(statement, values)

    return write


@pytest.fixture
def cancel(database):
    """What a consumer does."""

    async def drop():
        async with database.transaction() as session:
            await mails.cancel_unsent(session, ABOUT, "gone")

    return drop


@pytest.fixture
def choose(database, clock):
    """What the API does."""

    async def anew():
        async with database.transaction() as session:
            await digests.reconsider(session, user_oid=ANN, now=clock.now())

    return anew


@pytest.fixture
def queue(database, clock):
    """A sender's side of the queue."""
    return Queue(database, clock=clock, policy=Policy())


@pytest.fixture
def send(queue):
    """What a sender does."""

    async def claim():
        await queue.exchange([], limit=5, held=[])

    return claim


@pytest.fixture
def meet(database, rows, until):
    """Let one begin and stop at a locked mail, let another one come, and then both go on."""

    async def waiting(count):
        activity = await rows(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return len(activity) == count

    async def run(first, second, *, at):
        async with database.transaction() as session:
            await session.execute(
                text("SELECT id FROM notification WHERE id = :id FOR UPDATE"), {"id": UUID(int=at)}
            )
            begun = asyncio.create_task(first())
            await until(lambda: waiting(1))
            other = asyncio.create_task(second())

            async def has_come():
                return other.done() or await waiting(2)

            await until(has_come)
        await asyncio.gather(begun, other)

    return run


async def test_a_choice_passes_over_what_waits_and_is_being_dropped(queue_mail, cancel, choose, meet, rows):
    await queue_mail(1)
    await queue_mail(2, user=BOB)
    await queue_mail(8, kind="digest")
    await queue_mail(3, digest=8)
    await meet(cancel, choose, at=2)
    found = await rows("SELECT state, reason FROM notification ORDER BY id")
    assert {(mail["state"], mail["reason"]) for mail in found} == {("suppressed", "stale")}


async def test_a_sender_and_who_drops_what_it_takes_do_not_wait_for_each_other(
    queue_mail, cancel, send, meet, rows
):
    await queue_mail(8, kind="digest", due_in_s=0)
    await queue_mail(1, digest=8)
    await queue_mail(2, user=BOB)
    await queue_mail(3, user=BOB, due_in_s=0)
    await meet(cancel, send, at=2)
    assert await rows("SELECT id FROM notification WHERE state IN ('queued', 'retrying')") == []


@pytest.mark.parametrize("due_in_s", [0, 3600], ids=["a sender", "a choice"])
async def test_what_a_digest_brings_is_locked_in_one_order(
    due_in_s, queue_mail, cancel, choose, send, meet, rows
):
    await queue_mail(8, kind="digest", due_in_s=due_in_s)
    await queue_mail(9, kind="digest", user=BOB)
    for number, digest in ((3, 8), (2, 9), (1, 8)):
        await queue_mail(number, user=BOB if digest == 9 else ANN, digest=digest)
    await meet(cancel, choose if due_in_s else send, at=2)
    told = await rows("SELECT reason FROM notification WHERE kind = 'assigned'")
    assert [mail["reason"] for mail in told] == ["stale"] * 3


async def test_a_sender_and_who_drops_what_it_has_sent_do_not_wait_for_each_other(
    queue_mail, cancel, queue, meet, rows
):
    for number in (3, 1):
        await queue_mail(number, due_in_s=0)
    await queue_mail(2, user=BOB)
    held = (await queue.exchange([], limit=2, held=[])).mails
    held.sort(key=lambda mail: mail.letter.id, reverse=True)
    ends = [Settlement(mail, Result(Outcome.ACCEPTED, "250 ok")) for mail in held]

    async def settle():
        await queue.exchange(ends, limit=0, held=held)

    await meet(cancel, settle, at=2)
    found = await rows("SELECT state FROM notification ORDER BY id")
    assert [mail["state"] for mail in found] == ["accepted", "suppressed", "accepted"]


async def test_what_a_dropped_digest_was_to_bring_is_locked_in_the_same_order(
    queue_mail, cancel, database, clock, send, meet, rows
):
    await queue_mail(8, kind="digest", due_in_s=0)
    await queue_mail(9, kind="digest", user=BOB)
    for number, digest in ((3, 8), (2, 9), (1, 8)):
        await queue_mail(number, user=BOB if digest == 9 else ANN, digest=digest)
    async with database.transaction() as session:
        old = text("UPDATE notification SET expires_at = :now WHERE id = :id")
        await session.execute(old, {"now": clock.now(), "id": UUID(int=8)})
    await meet(cancel, send, at=2)
    told = await rows("SELECT reason FROM notification WHERE kind = 'assigned'")
    assert [mail["reason"] for mail in told] == ["stale"] * 3
