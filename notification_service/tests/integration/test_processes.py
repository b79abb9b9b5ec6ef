"""The sender as a process: what kill -9 and SIGSTOP do at each of its states."""

import asyncio
import signal
import socket
import sys
from contextlib import asynccontextmanager

import httpx2
import pytest
from sqlalchemy import text

LEASE_S = 1
# A process compiles its templates first, and has less than one core for it.
START_S = 40


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sender:
    """`python -m notification sender` with its address."""

    def __init__(self, process, port):
        self.process = process
        self.port = port

    def signal(self, number):
        self.process.send_signal(number)

    async def kill(self):
        self.process.kill()
        await self.process.wait()


@pytest.fixture
def start_sender(stack, database_url, mail_server):
    """Start sender processes, each killed at the end of its block if it still runs."""

    @asynccontextmanager
    async def running(**changed):
        port = _free_port()
        environment = {
            **stack.environment,
            "NOTIFICATION_DB_NAME": database_url.database,
            "NOTIFICATION_DB_USER": database_url.username,
            "NOTIFICATION_DB_PASSWORD": database_url.password,
            "NOTIFICATION_SMTP_HOST": "127.0.0.1",
            "NOTIFICATION_SMTP_PORT": str(mail_server.port),
            "NOTIFICATION_SMTP_TIMEOUT_SECONDS": "30",
            "NOTIFICATION_SENDER_PORT": str(port),
            "NOTIFICATION_SENDER_LEASE_SECONDS": str(LEASE_S),
            **{f"NOTIFICATION_{name.upper()}": str(value) for name, value in changed.items()},
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "notification", "sender", env=environment, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            yield Sender(process, port)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    return running


@pytest.fixture
def fresh(apply, feed, clock):
    """Assign people now, by the real clock that the processes have."""

    async def assign(*users):
        real_now = clock.real_now()
        await apply(*[feed.change("c", user, user=user, at=real_now) for user in users])

    return assign


def address(user):
    return f"user{user}@company.example"


async def test_kill_in_the_middle_of_an_attempt_costs_at_most_one_repeat(
    start_sender, fresh, settled, mail_server
):
    stages = {1: "RCPT", 2: "DATA", 3: "end", 4: "end"}
    for user, stage in stages.items():
        mail_server.fail(f"{stage} {address(user)}", "accept+hang" if user == 4 else "hang")
    await fresh(*stages)
    async with start_sender() as sender:
        for user, stage in stages.items():
            await asyncio.wait_for(mail_server.at(f"{stage} {address(user)}").wait(), START_S)
        await fresh(5)
        await sender.kill()
    async with start_sender():
        found = await settled()
    assert {mail["state"] for mail in found} == {"accepted"}
    assert [(mail["assignment_id"], mail["attempts"], mail["in_doubt"]) for mail in found] == [
        (1, 2, True),
        (2, 2, True),
        (3, 2, True),
        (4, 2, True),
        (5, 1, False),
    ]
    assert [len(mail_server.of(address(user))) for user in range(1, 6)] == [1, 1, 1, 2, 1]
    assert len({mail.message_id for mail in mail_server.of(address(4))}) == 1


async def test_kill_between_acceptance_and_our_record_repeats_once_with_the_same_id(
    start_sender, fresh, settled, database, until, rows, mail_server
):
    await fresh(1)
    mail_server.gate.clear()
    async with start_sender() as sender:
        await asyncio.wait_for(mail_server.at("end").wait(), START_S)
        async with database.transaction() as session:
            await session.execute(text("SELECT id FROM notification FOR UPDATE"))
            mail_server.gate.set()

            async def its_record_waits():
                return await rows(
                    "SELECT pid FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )

            await until(its_record_waits)
            await sender.kill()
    async with start_sender():
        (mail,) = await settled()
    assert (mail["state"], mail["attempts"]) == ("accepted", 2)
    assert [caught.message_id for caught in mail_server.mails] == [mail["message_id"]] * 2


async def test_a_digest_that_is_being_sent_at_a_kill_comes_again_as_it_was(
    start_sender, apply, feed, clock, settled, mail_server
):
    mail_server.fail(f"DATA {address(1)}", "hang")
    mail_server.fail(f"end {address(2)}", "accept+hang")
    numbers = {user: range(10 * user, 10 * user + 3) for user in (1, 2)}
    at = clock.real_now()
    await apply(*[feed.change("c", one, user=user, at=at) for user, many in numbers.items() for one in many])
    async with start_sender(burst_seconds=0.5) as sender:
        for stage in (f"DATA {address(1)}", f"end {address(2)}"):
            await asyncio.wait_for(mail_server.at(stage).wait(), START_S)
        # It has changed meanwhile, but who has the mail must know it again.
        await apply(feed.change("d", 20, user=2, at=at))
        await sender.kill()
    async with start_sender(burst_seconds=0.5):
        found = await settled()
    digests = {mail["recipient"]: mail for mail in found if mail["kind"] == "digest"}
    assert [(mail["state"], mail["attempts"]) for mail in digests.values()] == [("accepted", 2)] * 2
    for user, times in {1: 1, 2: 2}.items():
        caught = [mail for mail in mail_server.of(address(user)) if "ended" not in mail.subject]
        assert [mail.message_id for mail in caught] == [digests[address(user)]["message_id"]] * times
        assert len({mail.text for mail in caught}) == 1
    assert {mail["reason"] for mail in found if mail["kind"] == "assigned"} == {"digest"}


async def test_whatever_the_mail_server_does_each_mail_meets_its_own_end(
    start_sender, fresh, settled, mail_server
):
    mail_server.fail("banner", "hang", "421 not now")
    mail_server.fail(f"RCPT {address(1)}", "451 later")
    mail_server.fail(f"DATA {address(2)}", "421 busy")
    mail_server.fail(f"RCPT {address(3)}", "550 nobody here")
    for user, fault in {4: "drop", 5: "accept+drop", 6: "accept+hang"}.items():
        mail_server.fail(f"end {address(user)}", fault)
    await fresh(*range(1, 8))
    async with start_sender(smtp_timeout_seconds=1):
        await asyncio.wait_for(mail_server.at("banner").wait(), START_S)
        found = await settled()
    assert [(mail["state"], mail["attempts"], mail["in_doubt"]) for mail in found] == [
        ("accepted", 2, False),
        ("accepted", 2, False),
        ("bounced", 1, False),
        ("accepted", 2, True),
        ("accepted", 2, True),
        ("accepted", 2, True),
        ("accepted", 1, False),
    ]
    assert [len(mail_server.of(address(user))) for user in range(1, 8)] == [1, 1, 0, 1, 2, 2, 1]


async def test_killing_it_before_it_is_connected_or_when_idle_costs_nothing(
    start_sender, fresh, settled, mail_server
):
    mail_server.fail("banner", "hang")
    await fresh(1)
    async with start_sender() as sender:
        await asyncio.wait_for(mail_server.at("banner").wait(), START_S)
        await sender.kill()
    async with start_sender() as sender:
        await settled()
        await sender.kill()
    async with start_sender():
        await fresh(2)
        found = await settled()
    assert [(mail["state"], mail["attempts"]) for mail in found] == [("accepted", 1)] * 2
    assert len(mail_server.mails) == 2


async def test_a_sender_that_slept_through_its_lease_repeats_at_most_once(
    start_sender, fresh, settled, mail_server, until
):
    mail_server.gate.clear()
    await fresh(1)
    async with start_sender() as sleeper:
        await asyncio.wait_for(mail_server.at("end").wait(), START_S)
        sleeper.signal(signal.SIGSTOP)
        mail_server.gate.set()
        async with start_sender():
            await settled()
            sleeper.signal(signal.SIGCONT)
            await fresh(2)
            found = await settled()
    assert {mail["state"] for mail in found} == {"accepted"}
    assert len(mail_server.of(address(1))) == 2
    assert len(mail_server.of(address(2))) == 1
    assert len({mail.message_id for mail in mail_server.of(address(1))}) == 1


async def test_it_reports_its_health_and_stops_gracefully(start_sender, fresh, settled, until, mail_server):
    async with (
        start_sender() as sender,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{sender.port}") as http,
    ):

        async def ready():
            try:
                return (await http.get("/health/ready")).status_code == 200
            except httpx2.TransportError:
                return False

        await until(ready)
        await fresh(1)
        await settled()
        metrics = (await http.get("/metrics")).text
        assert 'mail_attempts_total{kind="assigned",outcome="accepted"} 1.0' in metrics
        # What an alert waits for is there before it happens.
        assert 'mail_ended_total{state="unconfirmed"} 0.0' in metrics
        assert 'mail_notifications{state="queued"} 0.0' in metrics
        assert 'health_check_ok{check="delivery"} 1.0' in metrics
        mail_server.gate.clear()
        await fresh(2)
        await asyncio.wait_for(mail_server.at(f"end {address(2)}").wait(), START_S)
        sender.signal(signal.SIGTERM)
        await asyncio.sleep(0.2)
        mail_server.gate.set()
        assert await asyncio.wait_for(sender.process.wait(), START_S) == 0
    found = await settled()
    assert [(mail["state"], mail["attempts"]) for mail in found] == [("accepted", 1)] * 2


async def test_it_goes_on_after_a_restart_of_its_database(start_sender, fresh, settled, stack, mail_server):
    async with start_sender() as sender:
        await fresh(1)
        await settled()
        await asyncio.to_thread(stack.hold, "postgres")
        await asyncio.sleep(1)
        await asyncio.to_thread(stack.release, "postgres")
        await asyncio.to_thread(stack.wait_ready)
        await fresh(2)
        found = await settled()
        assert sender.process.returncode is None
    assert [mail["state"] for mail in found] == ["accepted"] * 2
    assert len(mail_server.mails) == 2
