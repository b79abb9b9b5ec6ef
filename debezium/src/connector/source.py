"""Looks at the source database with the connector's own role, for what the connector does not say."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import asyncpg

from connector.causes import explain
from connector.definition import Definition
from connector.errors import ConnectorError
from connector.settings import ConnectorSettings

_TIMEOUT_SECONDS = 5
_SLOT = """
    SELECT slot.slot_name, slot.active, slot.active_pid, slot.wal_status,
           reader.application_name, reader.client_addr
    FROM pg_replication_slots slot LEFT JOIN pg_stat_activity reader ON reader.pid = slot.active_pid
    WHERE slot.slot_name = $1
"""
_DROP = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1"
_CREATE = "SELECT pg_create_logical_replication_slot($1, 'pgoutput')"


async def slot_reader(settings: ConnectorSettings, definition: Definition) -> str | None:
    """Why the slot is not ours to read now; None if it is free, missing, or cannot be asked for."""
    with suppress(asyncpg.PostgresError, OSError):
        async with _connection(settings, definition) as connection:
            slot = await connection.fetchrow(_SLOT, definition.slot)
            return _in_use(slot) if slot and slot["active"] else None
    return None


async def gap(settings: ConnectorSettings, definition: Definition) -> str | None:
    """Why events would be lost if it went on; None if none would, or the slot cannot be asked for."""
    if not definition.needs_its_slot:
        return None
    with suppress(asyncpg.PostgresError, OSError):
        async with _connection(settings, definition) as connection:
            slot = await connection.fetchrow(_SLOT, definition.slot)
            return _gap(definition, slot)
    return None


async def slot_is_lost(settings: ConnectorSettings, definition: Definition) -> bool:
    """Whether the slot is missing, or does not hold what was not read.

    Raises:
        ConnectorError: the database does not answer.
    """
    with _explained():
        async with _connection(settings, definition) as connection:
            return _gap(definition, await connection.fetchrow(_SLOT, definition.slot)) is not None


async def renew_slot(settings: ConnectorSettings, definition: Definition) -> None:
    """Make the slot anew: it begins with what is committed from now on.

    Raises:
        ConnectorError: the database does not answer, or somebody reads the slot.
    """
    with _explained():
        async with _connection(settings, definition) as connection:
            await connection.execute(_DROP, definition.slot)
            await connection.execute(_CREATE, definition.slot)


async def diagnose(settings: ConnectorSettings, definition: Definition) -> str:
    """What is wrong with the source database for this connector, as far as that can be seen there."""
    try:
        with _explained():
            async with _connection(settings, definition) as connection:
                return await _publication(connection, definition) or await _slot(connection, definition)
    except ConnectorError as error:
        return str(error)


@contextmanager
def _explained() -> Iterator[None]:
    """Raises `ConnectorError` where the database does not answer as it should."""
    try:
        yield
    except (asyncpg.PostgresError, OSError) as error:
        raise ConnectorError(explain(str(error) or "Connection refused")) from error


@asynccontextmanager
async def _connection(
    settings: ConnectorSettings, definition: Definition
) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        host=settings.postgres_host,
        port=settings.postgres_port,
        database=settings.database_of(definition),
        user=settings.debezium_db_user,
        password=settings.debezium_db_password.get_secret_value(),
        timeout=_TIMEOUT_SECONDS,
    )
    try:
        yield connection
    finally:
        await connection.close()


async def _publication(connection: asyncpg.Connection, definition: Definition) -> str | None:
    name = definition.config["publication.name"]
    if await connection.fetchval("SELECT true FROM pg_publication WHERE pubname = $1", name):
        return None
    return explain(f'publication "{name}" does not exist')


async def _slot(connection: asyncpg.Connection, definition: Definition) -> str:
    name = definition.slot
    slot = await connection.fetchrow(_SLOT, name)
    if definition.needs_its_slot and (gap := _gap(definition, slot)):
        return gap
    if slot is None:
        return f"The replication slot {name!r} was not made: the connector has not come that far."
    if slot["wal_status"] == "lost":
        return explain(f'cannot read from replication slot "{name}"')
    if slot["active"]:
        return _in_use(slot)
    return f"The replication slot {name!r} has no reader: the connector does not come to read it."


def _gap(definition: Definition, slot: asyncpg.Record | None) -> str | None:
    if slot is not None and slot["wal_status"] != "lost":
        return None
    state = "lost" if slot else "missing"
    return (
        f"The replication slot {definition.slot!r} is {state}, and with it the events that were not read. "
        "Was the database never provisioned? Then do that, before its migrations. Else go on without those "
        f"events: `python -m connector register --accept-gap {definition.name}` (docs/runbooks/slot-lost.md)."
    )


def _in_use(slot: asyncpg.Record) -> str:
    reader = f"{slot['application_name'] or 'unknown'} from {slot['client_addr'] or 'the same machine'}"
    words = explain(f'replication slot "{slot["slot_name"]}" is active for PID {slot["active_pid"]}')
    return f"{words} It is {reader}."
