"""A database of the service for each test, and the ways in and out of the service."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import make_url, text

from notification.__main__ import MIGRATIONS
from notification.app import build_app
from notification.delivery.dispatcher import Dispatcher
from notification.delivery.lane import Lane
from notification.delivery.listener import Listener
from notification.delivery.progress import Progress
from notification.delivery.queue import Policy, Queue
from notification.events import decode_assignment
from notification.mail.compose import Composer
from notification.mail.render import Renderer
from notification.mail.smtp import SmtpConnection, SmtpServer
from notification.service.record import ChangeRecorder
from notification.service.settle import Backoff
from notification.settings import Settings
from service_kit import migrations
from service_kit.clock import SystemClock
from service_kit.db import Database
from service_kit.testing import Identity, TemplateDatabase

DEADLINE_S = 40


@pytest.fixture(scope="session")
def admin_url(stack):
    return make_url(stack.dsn()).set(drivername="postgresql+asyncpg")


@pytest.fixture(scope="session")
async def template(admin_url):
    it = TemplateDatabase(admin_url, "notification")
    await it.build(lambda url: migrations.upgrade(url, MIGRATIONS))
    yield it
    await it.drop()


@pytest.fixture
async def database_url(template):
    async with template.clone() as url:
        yield url


@pytest.fixture
async def database(database_url):
    it = Database(database_url, application_name="test")
    yield it
    await it.close()


class SteppingClock(SystemClock):
    """Real time from the moment of the test's messages on, which a test may push ahead."""

    def __init__(self, start):
        self._ahead = start - super().now()

    def now(self):
        return super().now() + self._ahead

    def real_now(self):
        return super().now()

    def push(self, **delta):
        self._ahead += timedelta(**delta)


@pytest.fixture
def clock(now):
    return SteppingClock(now)


@pytest.fixture
def make_recorder(clock):
    def make(*, notify_renames=False, hours=72):
        return ChangeRecorder(
            clock=clock,
            max_event_age=timedelta(hours=hours),
            notify_renames=notify_renames,
            mail_domain="team-suite.example",
        )

    return make


@pytest.fixture
def recorder(make_recorder):
    return make_recorder()


@pytest.fixture
def apply(database, recorder):
    """Let the handler apply messages, as one batch."""

    async def apply_messages(*messages, by=recorder):
        changes = [change for change in map(decode_assignment, messages) if change is not None]
        async with database.transaction() as session:
            await by.record(session, changes)

    return apply_messages


@pytest.fixture
def rows(database):
    """The rows that a query gives, as dictionaries."""

    async def fetch(query, **parameters):
        async with database.read() as session:
            return [dict(row) for row in (await session.execute(text(query), parameters)).mappings()]

    return fetch


@pytest.fixture
def mails(rows):
    """All mails in the order of their changes: what each test looks at."""

    async def fetch():
        return await rows("SELECT * FROM notification ORDER BY epoch, lsn, kind DESC, assignment_id")

    return fetch


@pytest.fixture
def until():
    """Wait until a coroutine function returns something true."""

    async def wait(condition, deadline=DEADLINE_S):
        async with asyncio.timeout(deadline):
            while not (value := await condition()):
                await asyncio.sleep(0.01)
        return value

    return wait


@pytest.fixture
def settled(mails, until):
    """Wait until no mail is queued or being sent; returns all of them."""

    async def wait():
        async def all_final():
            found = await mails()
            return (
                found if not {mail["state"] for mail in found} & {"queued", "retrying", "sending"} else None
            )

        return await until(all_final)

    return wait


@pytest.fixture(scope="session")
def composer(links):
    return Composer(Renderer(), mail_from="Team Suite <no-reply@team-suite.example>", links=links)


@pytest.fixture
def sender(database, database_url, mail_server, composer, clock):
    """Run a sender while a block lasts; it is stopped gracefully at the end."""

    @asynccontextmanager
    async def running(*, lanes=2, lease_s=2.0, timeout_s=0.5, backoff_s=0.01, limits=None, on=None, **server):
        queue = Queue(
            on or database,
            clock=clock,
            policy=Policy(
                lease=timedelta(seconds=lease_s),
                backoff=Backoff(timedelta(seconds=backoff_s), timedelta(seconds=backoff_s)),
                limits=limits or {},
            ),
        )
        smtp = SmtpServer("127.0.0.1", mail_server.port, timeout=timeout_s, **server)
        dispatcher = Dispatcher(
            queue,
            [Lane(SmtpConnection(smtp, clock), composer, clock) for _ in range(lanes)],
            clock=clock,
            progress=Progress(clock, stuck_after_s=0.3),
            longest_pause_s=lease_s / 3,
        )
        listener = Listener(database, dispatcher.wake, clock=clock)
        tasks = [asyncio.create_task(part.run()) for part in (dispatcher, listener)]
        try:
            yield dispatcher
        finally:
            listener.stop()
            dispatcher.stop()
            await asyncio.gather(*tasks)

    return running


@pytest.fixture
def settings(secret):
    return Settings(db_name="unused", db_user="unused", db_password="unused", unsubscribe_secrets=secret)


@pytest.fixture(scope="session")
def identity():
    return Identity()


@pytest.fixture
async def client(database, settings, identity, clock):
    """Signed in as somebody who sees all mails; a request's own headers sign in somebody else."""
    transport = httpx2.ASGITransport(app=build_app(settings, database, identity.authenticator(), clock))
    headers = identity.headers(role="admin")
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8003", headers=headers
    ) as it:
        yield it
