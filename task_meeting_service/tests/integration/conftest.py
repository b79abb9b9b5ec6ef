"""A database of the service for each test, and the ways in and out of the service."""

import httpx2
import pytest
from sqlalchemy import make_url

from service_kit import migrations
from service_kit.db import Database
from service_kit.testing import TemplateDatabase
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


@pytest.fixture
async def client(database, settings):
    transport = httpx2.ASGITransport(app=build_app(settings, database))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8005") as it:
        yield it


@pytest.fixture(scope="session")
async def idle_client(template):
    """On an empty database that all share: for requests that are refused or find nothing."""
    async with template.clone() as url:
        database = Database(url, application_name="test")
        settings = Settings(db_name="unused", db_user="unused", db_password="unused")
        transport = httpx2.ASGITransport(app=build_app(settings, database))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8005") as it:
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
