"""A database of the service for each test, and the ways in and out of the service."""

from contextlib import asynccontextmanager

import httpx2
import pytest
from sqlalchemy import make_url

from service_kit import migrations
from service_kit.db import Database
from service_kit.testing import Identity, TemplateDatabase
from task_meeting.__main__ import MIGRATIONS
from task_meeting.app import build_app
from task_meeting.events import decode_assignment
from task_meeting.handlers import on_assignments_changed
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
    return Settings(db_name="unused", db_user="unused", db_password="unused")


@pytest.fixture(scope="session")
def identity():
    return Identity()


@asynccontextmanager
async def http_client(database, identity, **headers):
    settings = Settings(db_name="unused", db_user="unused", db_password="unused")
    app = build_app(settings, database, identity.authenticator())
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8005", headers=headers
    ) as it:
        yield it


@pytest.fixture
async def anonymous(database, identity):
    """Nobody: a request says who it is from by its own headers."""
    async with http_client(database, identity) as it:
        yield it


@pytest.fixture
async def client(database, identity):
    """An administrator, who sees everything."""
    async with http_client(database, identity, **identity.headers(role="admin")) as it:
        yield it


@pytest.fixture
def sign_in(database, identity, oid):
    """A client of one person: `sign_in(3)` is the employee `user 3` of the feed."""

    def as_person(number, role="employee", permissions=None):
        return http_client(database, identity, **identity.headers(oid("user", number), role, permissions))

    return as_person


@pytest.fixture(scope="session")
async def idle_client(template, identity):
    """An administrator on an empty database that all share: for requests that are refused or find nothing."""
    async with template.clone() as url:
        database = Database(url, application_name="test")
        async with http_client(database, identity, **identity.headers(role="admin")) as it:
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
