"""A database of the service for each test, and the ways in and out of the service."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx2
import pytest
from sqlalchemy import event, make_url, text

from service_kit import migrations
from service_kit.db import Database
from service_kit.testing import Identity, TemplateDatabase
from task_meeting.__main__ import MIGRATIONS
from task_meeting.app import build_app
from task_meeting.events import decode_assignment
from task_meeting.handlers import on_assignments_changed
from task_meeting.models import Meeting, MeetingOccurrence, MeetingPerson, MeetingTeam
from task_meeting.settings import Settings


@pytest.fixture(scope="session")
def admin_url(stack):
    return make_url(stack.dsn()).set(drivername="postgresql+asyncpg")


@pytest.fixture(scope="session")
async def template(admin_url):
    it = TemplateDatabase(admin_url, "task_meeting")
    await it.build(lambda url: migrations.upgrade(url, MIGRATIONS))
    yield it
    await it.drop()


@pytest.fixture
async def database(template):
    async with template.clone() as url:
        it = Database(url, application_name="test")
        yield it
        await it.close()


@pytest.fixture
def apply(database):
    """Let the handler apply messages, as one batch."""

    async def apply_messages(*messages):
        changes = [change for change in map(decode_assignment, messages) if change is not None]
        async with database.transaction() as session:
            await on_assignments_changed(session, changes)

    return apply_messages


@pytest.fixture
def settings():
    return app_settings()


def app_settings():
    """Those of an app that tests may ask as fast as they like."""
    return Settings(db_name="unused", db_user="unused", db_password="unused", API_RATE_LIMIT="1000000/second")


@pytest.fixture(scope="session")
def identity():
    return Identity()


@pytest.fixture(scope="session")
def make_app(identity):
    """Build the API on a database."""

    def build(database):
        return build_app(app_settings(), database, identity.authenticator())

    return build


@pytest.fixture(scope="session")
def shared_app(make_app, admin_url):
    """The API, built once: the first request to an app takes thirty times as long as the next ones."""
    return make_app(Database(admin_url, application_name="unused"))


@pytest.fixture
def app(shared_app, database):
    """The API on the test's own database; only its health is that of the database it was built on."""
    shared_app.state.database = database
    return shared_app


@asynccontextmanager
async def http_client(app, **headers):
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8005", headers=headers
    ) as it:
        yield it


@pytest.fixture
async def anonymous(app):
    """Nobody: a request says who it is from by its own headers."""
    async with http_client(app) as it:
        yield it


@pytest.fixture
async def client(app, identity):
    """An administrator, who sees everything."""
    async with http_client(app, **identity.headers(role="admin")) as it:
        yield it


@pytest.fixture
def sign_in(app, identity, oid):
    """A client of one person: `sign_in(3)` is the employee `user 3` of the feed."""

    def as_person(number, role="employee", permissions=None):
        return http_client(app, **identity.headers(oid("user", number), role, permissions))

    return as_person


@pytest.fixture(scope="session")
async def idle_client(template, identity, make_app):
    """An administrator on an empty database that all share: for requests that are refused or find nothing."""
    async with template.clone() as url:
        database = Database(url, application_name="test")
        # As good as the whole run is long.
        headers = identity.headers(role="admin", exp=int(time.time()) + 86_400)
        async with http_client(make_app(database), **headers) as it:
            yield it
        await database.close()


@pytest.fixture
def get(client):
    """The JSON of a path that exists."""

    async def get_json(path, **parameters):
        response = await client.get(path, params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    return get_json


@pytest.fixture
async def sent(database):
    """The events that were committed so far, as (type, key, payload); the outbox itself empties at once."""
    async with database.transaction() as session:
        await session.execute(
            text("CREATE TABLE sent (number bigserial, type text, key text, payload jsonb)")
        )
        await session.execute(
            text(
                "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " INSERT INTO sent (type, key, payload) VALUES (NEW.type, NEW.key, NEW.payload);"
                " RETURN NEW; END $$"
            )
        )
        await session.execute(
            text("CREATE TRIGGER keep BEFORE INSERT ON outbox_event FOR EACH ROW EXECUTE FUNCTION keep()")
        )

    async def events(type_=None):
        async with database.read() as session:
            rows = await session.execute(text("SELECT type, key, payload FROM sent ORDER BY number"))
            return [tuple(row) for row in rows if type_ in {None, row.type}]

    return events


@pytest.fixture
def query(database):
    async def all_rows(statement, **parameters):
        async with database.transaction() as session:
            result = await session.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else None

    return all_rows


@pytest.fixture
def waiting(query):
    """Until a transaction waits for a lock that another one holds."""
    locks = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    async def until_one_waits():
        async with asyncio.timeout(30):
            while not await query(locks):
                await asyncio.sleep(0.02)

    return until_one_waits


@pytest.fixture
def said(query):
    """How the words of a search are asked for."""

    async def ask(search):
        [(words,)] = await query("SELECT task_search_query(:search)", search=search)
        return words

    return ask


@pytest.fixture
def counted(database):
    """`with counted() as statements`: those that the database is sent meanwhile."""

    @contextmanager
    def count():
        statements = []

        def note(_connection, _cursor, statement, *_rest):
            statements.append(statement)

        engine = database._engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return count


@pytest.fixture
def fill(query):
    """Put tasks into a project; `users` get them in turns, None nobody."""

    async def insert(project, users, count, *, team=None, status="new", is_open=True):
        await query(
            "INSERT INTO task (project_oid, team_oid, title, description, status, open, priority, labels,"
            " assignee_oid, reporter_oid, version, created_at, updated_at)"
            " SELECT :project, :team, 'Task ' || n, '', :status, :open, 1, '{}',"
            " users[1 + n % cardinality(users)], :project, 1, now(), now()"
            " FROM generate_series(1, :count) AS n, (SELECT CAST(:users AS uuid[]) AS users)",
            project=project,
            team=team,
            users=users,
            count=count,
            status=status,
            open=is_open,
        )

    return insert


@pytest.fixture
def meet(database):
    """Put a meeting into the database that takes place some days from now, and ask teams and people to it."""

    async def insert(organizer, *, teams=(), people=(), project=None, days=1, title="Planning", **columns):
        now = datetime.now(UTC).replace(microsecond=0)
        start = now + timedelta(days=days)
        meeting = Meeting(
            **{
                "title": title,
                "agenda": "",
                "minutes": "",
                "project_oid": project,
                "organizer_oid": organizer,
                "start": start.replace(tzinfo=None),
                "duration_s": 3600,
                "all_day": False,
                "time_zone": "UTC",
                "exceptions": [],
                "status": "scheduled",
                "sequence": 0,
                "version": 1,
                "created_at": now,
                "updated_at": now,
                **columns,
            }
        )
        async with database.transaction() as session:
            session.add(meeting)
            await session.flush()
            session.add_all(MeetingTeam(meeting_id=meeting.id, team_oid=team) for team in teams)
            session.add_all(MeetingPerson(meeting_id=meeting.id, user_oid=person) for person in people)
            session.add(
                MeetingOccurrence(
                    meeting_id=meeting.id,
                    original_start=meeting.start,
                    starts_at=start,
                    ends_at=start + timedelta(hours=1),
                )
            )
            await session.refresh(meeting)
        return meeting

    return insert


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as it:
        return it.getsockname()[1]


@pytest.fixture
def worker_process(database):
    """The process of jobs itself, on the test's database; it is killed when the block ends."""
    url = database._url
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TASK_MEETING_")},
        "POSTGRES_HOST": url.host,
        "POSTGRES_PORT": str(url.port),
        "TASK_MEETING_DB_NAME": url.database,
        "TASK_MEETING_DB_USER": url.username,
        "TASK_MEETING_DB_PASSWORD": url.password or "none",
        "TASK_MEETING_JOBS_PORT": str(free_port()),
    }
    command = [sys.executable, "-m", "task_meeting", "jobs"]

    @contextmanager
    def running():
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    return running


@pytest.fixture
async def staff(apply, feed, sign_in):
    """Clients of people who meet.

    Ann (1), Bob (2), Eve (5) and the manager Max (4) work in project 1, Ann and Bob in its team 1; Zoe (3)
    and Eve in project 2, in its team 2.
    """
    await apply(
        feed.change("c", 1, user=1, project=1, team=1, user_time_zone="Europe/Berlin"),
        feed.change("c", 2, user=2, project=1, team=1),
        feed.change("c", 3, user=3, project=2, team=2),
        feed.change("c", 4, user=4, project=1, team=None, user_role="manager"),
        feed.change("c", 5, user=5, project=1, team=None),
        feed.change("c", 6, user=5, project=2, team=2),
    )
    async with AsyncExitStack() as clients:
        roles = {"ann": "employee", "bob": "employee", "zoe": "employee", "max": "manager", "eve": "employee"}
        yield SimpleNamespace(
            **{
                name: await clients.enter_async_context(sign_in(number, role))
                for number, (name, role) in enumerate(roles.items(), start=1)
            }
        )


@pytest.fixture
def schedule(staff):
    """Schedule a meeting, Ann's unless another client is given; a Monday in winter, unless it is said."""

    async def create_meeting(client=None, **fields):
        body = {"title": "Close the books", "start": "2027-01-11T10:00", "end": "2027-01-11T11:00"} | fields
        answer = await (client or staff.ann).post("/api/meetings/", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return create_meeting


@pytest.fixture
def users(oid):
    """The oids of people, as JSON has them."""
    return lambda *numbers: [str(oid("user", number)) for number in numbers]
