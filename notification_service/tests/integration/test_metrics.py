"""What the sender exports about the mails' states, and what its log lines say."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import structlog
from prometheus_client import REGISTRY
from sqlalchemy import text

from notification.delivery.census import Census
from notification.delivery.queue import Policy, Queue
from notification.queries import census
from notification.states import FINAL


@pytest.fixture
def counting(database, clock):
    """Keep the counts up to date while a block lasts."""

    @asynccontextmanager
    async def running(on=database):
        part = Census(on, clock=clock, interval_s=0.02)
        task = asyncio.create_task(part.run())
        try:
            yield
        finally:
            part.stop()
            await task

    return running


def exported(name, **labels):
    return REGISTRY.get_sample_value(name, labels)


def ended():
    return {state.value: exported("mail_ended_total", state=state) or 0.0 for state in FINAL}


def since(before):
    """The mails that have ended since, by their states."""
    return {state: count - before[state] for state, count in ended().items() if count > before[state]}


async def test_what_waits_is_counted_by_state(counting, apply, feed, database, clock, until):
    await apply(*[feed.change("c", number, user=number) for number in range(1, 4)])
    async with counting():

        async def counted(state, count):
            return exported("mail_notifications", state=state) == count

        await until(lambda: counted("queued", 3))
        queue = Queue(database, clock=clock, policy=Policy())
        await queue.exchange([], limit=1, held=[])
        await until(lambda: counted("queued", 2))
        await until(lambda: counted("sending", 1))


async def test_the_oldest_mail_grows_older_even_while_the_database_is_away(
    counting, apply, feed, clock, until
):
    async with counting():

        async def is_empty():
            return exported("mail_oldest_queued_seconds") == 0

        await until(is_empty)
        await apply(feed.change("c"))
        clock.push(minutes=5)

        async def is_old():
            return exported("mail_oldest_queued_seconds") >= 300

        await until(is_old)
    clock.push(minutes=5)
    assert exported("mail_oldest_queued_seconds") >= 600


async def test_a_mail_that_goes_again_waits_since_it_was_asked_for(
    database, apply, feed, clock, sender, mail_server, until, mails
):
    await apply(feed.change("c"))
    async with sender():
        await mail_server.at("end").wait()
    clock.push(days=30)
    mail_server.always["RCPT"] = "451 later"
    async with database.transaction() as session:
        again = (
            "UPDATE notification SET state = 'queued', resends = 1, resent_at = :now, next_attempt_at = :now"
        )
        await session.execute(text(again), {"now": clock.now()})

    async def is_retrying():
        return (await mails())[0]["state"] == "retrying"

    async with sender(backoff_s=3600):
        await until(is_retrying)
    async with database.read() as session:
        oldest = (await census.count_waiting(session, now=clock.now())).oldest_due
    assert clock.now() - oldest < timedelta(minutes=10)


async def test_counting_reads_no_mail_that_has_met_its_end(database, apply, feed, clock):
    await apply(feed.change("c"))
    async with database.transaction() as session:
        columns = (
            "kind, source, subject, user_oid, epoch, lsn, committed_at, recipient, payload, message_id,"
            " state, attempts, in_doubt, next_attempt_at, created_at"
        )
        copy = columns.replace("lsn", "-n").replace("state", "'accepted'")
        statement = f"INSERT INTO notification (id, {columns}) SELECT gen_random_uuid(), {copy}"
        await session.execute(text(f"{statement} FROM notification, generate_series(1, 5000) AS n"))
    async with database.transaction() as session:
        await session.execute(text("ANALYZE notification"))
        plan = await session.scalars(text(f"EXPLAIN {census._COUNT.text}"), {"now": clock.now()})
        assert "Seq Scan" not in "\n".join(plan)
        assert (await census.count_waiting(session, now=clock.now())).queued == 1


async def test_every_end_of_a_mail_is_counted_once(sender, apply, feed, settled, mail_server, clock):
    before = ended()
    mail_server.fail("RCPT user2@company.example", "550 no such person")
    mail_server.fail("end user3@company.example", "drop", "drop")
    await apply(*[feed.change("c", user, user=user, at=clock.now()) for user in range(1, 4)])
    async with sender():
        await settled()
    assert since(before) == {"accepted": 1, "bounced": 1, "unconfirmed": 1}


async def test_void_and_abandoned_mails_are_counted_too(database, apply, feed, clock):
    before = ended()
    await apply(feed.change("c", 1))
    policy = Policy(lease=timedelta(seconds=30), max_age=timedelta(hours=1))

    async def die_with(limit):
        await Queue(database, clock=clock, policy=policy).exchange([], limit=limit, held=[])
        clock.push(seconds=31)

    await die_with(1)
    await die_with(1)
    await die_with(0)
    assert since(before) == {"unconfirmed": 1}
    await apply(feed.change("c", 2, at=clock.now()))
    clock.push(hours=2)
    await die_with(1)
    assert since(before) == {"unconfirmed": 1, "suppressed": 1}


async def test_every_line_about_an_attempt_names_the_mail_and_no_person(
    sender, apply, feed, settled, mail_server, clock
):
    mail_server.fail("RCPT", "550 user1@company.example is unknown")
    await apply(feed.change("c", at=clock.now()))
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        async with sender():
            (mail,) = await settled()
    (line,) = [entry for entry in logs if entry["event"] == "mail_attempted"]
    assert line["notification_id"] == str(mail["id"])
    assert "company.example" not in str(logs)
