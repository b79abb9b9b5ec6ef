"""A source database of its own for every test, with what the Django migrations make."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import asyncpg
import httpx2
import pytest

from connector import definition
from connector.definition import Definition
from connector.settings import ConnectorSettings
from local_stack.testing import Stack

SCHEMA = """
    CREATE TABLE teams_userassignment (
        id bigint PRIMARY KEY, user_name text, application_url text, created_at timestamptz, row_lsn bigint
    );
    ALTER TABLE teams_userassignment REPLICA IDENTITY FULL;
    CREATE TABLE debezium_heartbeat (id int PRIMARY KEY, ts timestamptz NOT NULL);
    CREATE TABLE debezium_signal (id varchar(42) PRIMARY KEY, type varchar(32) NOT NULL, data varchar(2048));
    CREATE PUBLICATION debezium_pub FOR TABLE teams_userassignment, debezium_heartbeat, debezium_signal
        WITH (publish = 'insert, update, delete');
    GRANT SELECT ON teams_userassignment TO debezium;
    GRANT SELECT, INSERT, UPDATE, DELETE ON debezium_heartbeat, debezium_signal TO debezium;
"""


@dataclass
class Source:
    """The database, and a connector for it that no other test has."""

    connection: asyncpg.Connection
    definition: Definition
    settings: ConnectorSettings

    @property
    def topic(self) -> str:
        return f"{self.definition.config['topic.prefix']}.public.teams_userassignment"

    def changed(self, **options: str) -> Definition:
        """The definition with other options; ``__`` in a name stands for a dot."""
        changes = {name.replace("__", "."): value for name, value in options.items()}
        return replace(self.definition, config={**self.definition.config, **changes})


@pytest.fixture
async def source(stack: Stack) -> AsyncIterator[Source]:
    name = f"source_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(stack.dsn())
    await admin.execute(f"CREATE DATABASE {name}")
    connection = await asyncpg.connect(stack.dsn(name))
    await connection.execute(SCHEMA)
    one = Source(connection, _definition(name), _settings(stack, name))
    yield one
    async with httpx2.AsyncClient(base_url=stack.connect_url) as client:
        await client.delete(f"/connectors/{one.definition.name}")
    await connection.close()
    await _drop(admin, name)
    await admin.close()


def _settings(stack: Stack, database: str) -> ConnectorSettings:
    return ConnectorSettings(
        kafka_bootstrap_servers=stack.bootstrap_servers,
        connect_url=stack.connect_url,
        postgres_port=int(stack.variables["POSTGRES_PORT"]),
        user_team_db_name=database,
        debezium_db_password=stack.variables["DEBEZIUM_DB_PASSWORD"],
    )


def _definition(name: str) -> Definition:
    """The real definition with names of its own, and a faster heartbeat."""
    real = definition.load()
    topic = rf"{name}\.public\.teams_userassignment"
    changes = {
        "database.dbname": name,
        "slot.name": name,
        "topic.prefix": name,
        "predicates.isRow.pattern": topic,
        "topic.creation.rows.include": topic,
        "heartbeat.interval.ms": "300",
    }
    return Definition(name, {**real.config, **changes})


async def _drop(admin: asyncpg.Connection, database: str) -> None:
    """Drop the database with its slot, which a connector that was just deleted may still read."""
    await admin.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database)
    for _ in range(50):
        try:
            await admin.execute(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1",
                database,
            )
            break
        except asyncpg.ObjectInUseError:
            await admin.execute("SELECT pg_sleep(0.1)")
    await admin.execute(f"DROP DATABASE {database} WITH (FORCE)")
