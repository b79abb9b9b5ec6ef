"""10,000 mails are queued, and the mail server is away for an hour of a clock that is moved by hand."""

import asyncio
import socket
from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from sqlalchemy import text

from notification.delivery.dispatcher import Dispatcher
from notification.delivery.lane import Lane
from notification.delivery.progress import Progress
from notification.delivery.queue import Policy, Queue
from notification.mail.smtp import SmtpConnection, SmtpServer
from notification.settings import DomainLimit
from service_kit.testing import ManualClock

EXPIRING, VOID, TRUE = 8_100, 1_000, 900
DOMAINS, PER_SECOND = 3, 50
_REMINDERS = text("""
    INSERT INTO notification (
        id, kind, source, subject, user_oid, epoch, lsn, committed_at, expires_at, recipient, locale,
        payload, message_id, state, attempts, in_doubt, next_attempt_at, created_at)
    SELECT gen_random_uuid(), 'task_reminder', 'reminders', 'task:' || n, gen_random_uuid(), 0, n, :now,
        CAST(:now AS timestamptz) + interval '30 minutes', 'late' || n || '@company0.example', 'en', '{}',
        '<r' || n || '@x.example>', 'queued', 0, false, :now, :now
    FROM generate_series(1, :count) AS n
""")
_ASSIGNED = text("""
    WITH people AS (
        SELECT n, gen_random_uuid() AS oid, 'user' || n || '@company' || n % :domains || '.example' AS email
        FROM generate_series(1, :count) AS n),
    assignments AS (
        INSERT INTO assignment (
            id, project_id, project_name, user_oid, user_name, user_email, epoch, lsn, deleted,
            kafka_partition, kafka_offset)
        SELECT n, 1, 'Atlas', oid, 'User ' || n, email, 1, n, false, 0, n FROM people)
    INSERT INTO notification (id, kind, source, subject, assignment_id, user_oid, epoch, lsn, committed_at,
        recipient, locale, payload, message_id, state, attempts, in_doubt, next_attempt_at, created_at)
    SELECT gen_random_uuid(), 'assigned', 'assignments', 'assignment:' || n, n, oid, 1, n, :now, email, 'en',
        CAST(:payload AS jsonb), '<a' || n || '@x.example>', 'queued', 0, false, :now, :now
    FROM people
""")
_PAYLOAD = """{"before": null, "person": {"name": "Ann", "time_zone": null},
    "after": {"project_name": "Atlas", "team_name": null, "application_url": null}}"""


class Clock(ManualClock):
    """Knows whether the dispatcher sleeps on it."""

    sleepers = 0

    async def sleep(self, seconds):
        self.sleepers += 1
        try:
            await super().sleep(seconds)
        finally:
            self.sleepers -= 1


class Server(asyncio.Protocol):
    """Takes everything, as fast as can be; what came when, is kept for all connections together."""

    def __init__(self, kept, clock):
        self.kept, self.clock = kept, clock

    def connection_made(self, transport):
        self.transport, self.unread, self.recipient = transport, b"", None
        self.kept["opening"].append(self)
        self.kept["most opening"] = max(self.kept["most opening"], len(self.kept["opening"]))
        transport.write(b"220 ready\r\n")

    def data_received(self, data):
        *lines, self.unread = (self.unread + data).split(b"\r\n")
        for line in lines:
            self.take(line)

    def take(self, line):
        if self.recipient is not None and line != b".":
            return
        if line == b".":
            self.kept["mails"].append((self.recipient, self.clock.monotonic()))
            self.recipient = None
        elif line.startswith(b"EHLO"):
            self.kept["opening"].remove(self)
        elif line.startswith(b"RCPT"):
            self.to = line.decode().partition("<")[2].rstrip(">")
        elif line == b"DATA":
            self.recipient = self.to
        self.transport.write(b"354 go\r\n" if line == b"DATA" else b"250 ok\r\n")


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture
def kept():
    return {"opening": [], "most opening": 0, "mails": []}


@pytest.fixture
async def dispatcher(database, composer, clock, unused_port):
    smtp = SmtpServer("127.0.0.1", unused_port)
    limits = {"*": DomainLimit(per_second=PER_SECOND)}
    it = Dispatcher(
        Queue(database, clock=clock, policy=Policy(limits=limits)),
        [Lane(SmtpConnection(smtp, clock), composer, clock) for _ in range(8)],
        clock=clock,
        progress=Progress(clock),
    )
    running = asyncio.create_task(it.run())
    yield it
    it.stop()
    await running


@pytest.fixture
def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as it:
        return it.getsockname()[1]


@pytest.fixture
def pass_time(clock, dispatcher):
    """Let time pass in steps; at each the dispatcher does all that it can do then."""

    async def step(seconds, *, steps=1):
        for _ in range(steps):
            await clock.advance(seconds)
            async with asyncio.timeout(30):
                while not clock.sleepers or dispatcher._tasks or dispatcher._finished:
                    await asyncio.sleep(0.001)

    return step


async def test_nothing_is_lost_nothing_stale_goes_and_nothing_storms(
    database, clock, kept, unused_port, pass_time, rows
):
    async with database.transaction() as session:
        await session.execute(_REMINDERS, {"count": EXPIRING, "now": clock.now()})
        parameters = {"count": VOID + TRUE, "domains": DOMAINS, "payload": _PAYLOAD, "now": clock.now()}
        await session.execute(_ASSIGNED, parameters)
        await session.execute(text("ANALYZE"))

    await pass_time(120, steps=30)
    (untouched,) = await rows("SELECT count(*) FROM notification WHERE state = 'queued' AND attempts = 0")
    assert untouched["count"] == EXPIRING + VOID + TRUE
    async with database.transaction() as session:
        await session.execute(text("UPDATE assignment SET deleted = true WHERE id <= :void"), {"void": VOID})

    server = await asyncio.get_running_loop().create_server(
        lambda: Server(kept, clock), "127.0.0.1", unused_port
    )
    back_at = clock.monotonic()
    while len(kept["mails"]) < TRUE and clock.monotonic() < back_at + 60:
        await pass_time(0.5)
    server.close()

    recipients = Counter(recipient for recipient, _ in kept["mails"])
    assert recipients == {
        f"user{n}@company{n % DOMAINS}.example": 1 for n in range(VOID + 1, VOID + TRUE + 1)
    }
    assert kept["most opening"] == 1
    at = defaultdict(list)
    for recipient, moment in kept["mails"]:
        at[recipient.partition("@")[2]].append(moment)
    for moments in at.values():
        busiest = max(sum(begin <= moment < begin + 2 for moment in moments) for begin in moments)
        # A second's worth that was saved, and two seconds.
        assert busiest <= 3 * PER_SECOND
        assert timedelta(seconds=moments[-1] - back_at) < timedelta(seconds=30)
    assert await rows(
        "SELECT state, reason, attempts, count(*) FROM notification GROUP BY 1, 2, 3 ORDER BY 1"
    ) == [
        {"state": "accepted", "reason": None, "attempts": 1, "count": TRUE},
        {"state": "suppressed", "reason": "stale", "attempts": 0, "count": EXPIRING + VOID},
    ]


async def test_with_nothing_to_do_it_looks_six_times_a_minute(dispatcher, pass_time, monkeypatch):
    looks, exchange = [], dispatcher._queue.exchange

    async def counted(*arguments, **named):
        looks.append(named["limit"])
        return await exchange(*arguments, **named)

    monkeypatch.setattr(dispatcher._queue, "exchange", counted)
    await pass_time(1, steps=61)
    assert looks == [0] * 6
