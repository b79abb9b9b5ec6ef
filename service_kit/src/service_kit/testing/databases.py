"""A database for each test: cloned from a template that was migrated once, dropped afterwards."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine


class TemplateDatabase:
    """A database that is built once and cloned for each test; all in one event loop."""

    __test__ = False

    def __init__(self, admin_url: URL, name: str) -> None:
        """`admin_url`: a role that may create databases; `name` begins the databases' names."""
        self._admin_url = admin_url
        self._name = f"{name}_{uuid.uuid4().hex[:8]}"
        # Kept, as to connect takes as much work as to copy; asked first, as tests may restart the server.
        self._engine = create_async_engine(
            admin_url, isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True
        )

    async def build(self, migrate: Callable[[URL], None]) -> None:
        """Create the template; `migrate` gets its URL, and a thread of its own to work in."""
        await self._command(f"CREATE DATABASE {self._name}")
        await asyncio.to_thread(migrate, self._admin_url.set(database=self._name))

    async def drop(self) -> None:
        """Remove the template, and let go of the server."""
        await self._command(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
        await self._engine.dispose()

    @asynccontextmanager
    async def clone(self) -> AsyncIterator[URL]:
        """The URL of a fresh copy, which goes when the block ends."""
        name = f"{self._name}_{uuid.uuid4().hex[:8]}"
        await self._command(f"CREATE DATABASE {name} TEMPLATE {self._name}")
        try:
            yield self._admin_url.set(database=name)
        finally:
            await self._command(f"DROP DATABASE {name} WITH (FORCE)")

    async def _command(self, command: str) -> None:
        async with self._engine.connect() as connection:
            await connection.execute(text(command))
