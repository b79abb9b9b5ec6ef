import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import URL, MetaData, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from service_kit.db import Database
from service_kit.http import HttpServer
from service_kit.testing import TemplateDatabase


@pytest.fixture(scope="session")
def admin_url(stack) -> URL:
    """A role of the shared stack that may create databases."""
    return make_url(stack.dsn()).set(drivername="postgresql+asyncpg")


@pytest.fixture(scope="session")
def template_of(admin_url):
    """Make a template database with these tables, removed when the block ends: for a `template` fixture."""

    @asynccontextmanager
    async def template_of(name: str, metadata: MetaData) -> AsyncIterator[TemplateDatabase]:
        def migrate(url: URL) -> None:
            async def create() -> None:
                engine = create_async_engine(url)
                async with engine.begin() as connection:
                    await connection.run_sync(metadata.create_all)
                await engine.dispose()

            asyncio.run(create())

        template = TemplateDatabase(admin_url, name)
        await template.build(migrate)
        yield template
        await template.drop()

    return template_of


@pytest.fixture
async def database(template) -> AsyncIterator[Database]:
    """A test's own copy of its module's `template`."""
    async with template.clone() as url:
        database = Database(url, application_name="test")
        yield database
        await database.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as it:
        return it.getsockname()[1]


@pytest.fixture(scope="session")
def serving():
    """Serve an app on a real socket while a block lasts: gives the port and the server."""

    @asynccontextmanager
    async def serving(app, port=None):
        port = port or free_port()
        server = HttpServer(app, host="127.0.0.1", port=port, port_variable="TEST_PORT")
        task = asyncio.create_task(server.run())
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
        try:
            yield port, server
        finally:
            server.stop()
            await task

    return serving
