"""Alembic for every service: run by `migrate`, with one migrator at a time."""

import asyncio
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import URL, Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine

# An arbitrary number, the same for every migrator of a database.
_ADVISORY_LOCK = 7_403_201


def upgrade(database_url: URL, script_location: Path, revision: str = "head") -> None:
    """Bring the schema to `revision`. Safe to call again, and by several processes at once."""
    config = Config()
    config.set_main_option("script_location", str(script_location))
    config.attributes["database_url"] = database_url
    command.upgrade(config, revision)


def run_env(target: MetaData) -> None:
    """What a service's `migrations/env.py` calls: connect, lock, migrate in one transaction."""
    url = context.config.attributes.get("database_url")
    if url is None:
        raise RuntimeError("run migrations with `python -m <service> migrate`: it knows the database")
    asyncio.run(_run(url, target))


async def _run(url: URL, target: MetaData) -> None:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
            # A migration that cannot get its lock soon gives up instead of queueing everybody behind it.
            await connection.execute(text("SET LOCAL lock_timeout = '5s'"))
            await connection.run_sync(_migrate, target)
    finally:
        await engine.dispose()


def _migrate(connection: Connection, target: MetaData) -> None:
    context.configure(connection=connection, target_metadata=target)
    context.run_migrations()
