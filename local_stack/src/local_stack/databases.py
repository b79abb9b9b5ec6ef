"""One database per service and one role that owns it, with no rights beyond; one role for Debezium."""

from typing import TYPE_CHECKING

from local_stack import postgres
from local_stack.parts import Run, Step

if TYPE_CHECKING:
    import asyncpg

    from local_stack.environment import Context

_SERVICES = ("USER_TEAM", "TASK_MEETING", "NOTIFICATION")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


async def _provide_role(
    connection: "asyncpg.Connection", name: str, password: str, attributes: str = ""
) -> None:
    exists = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", name)
    verb = "ALTER" if exists else "CREATE"
    secret = await connection.fetchval("SELECT quote_literal($1::text)", password)
    rights = f"LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE {attributes}"
    await connection.execute(f"{verb} ROLE {_quoted(name)} {rights} PASSWORD {secret}")


async def _provide_database(connection: "asyncpg.Connection", name: str, owner: str) -> None:
    if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
        await connection.execute(f"CREATE DATABASE {_quoted(name)} OWNER {_quoted(owner)}")
    await connection.execute(f"REVOKE ALL ON DATABASE {_quoted(name)} FROM PUBLIC")


async def provide(context: "Context", _run: Run) -> None:
    """Make what is missing; set every password to the one in use, so that a changed one takes effect."""
    values = context.exported
    connection = await postgres.connect(context)
    try:
        await connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
        for service in _SERVICES:
            role = values[f"{service}_DB_USER"]
            await _provide_role(connection, role, values[f"{service}_DB_PASSWORD"])
            await _provide_database(connection, values[f"{service}_DB_NAME"], role)
        debezium = values["DEBEZIUM_DB_USER"]
        await _provide_role(connection, debezium, values["DEBEZIUM_DB_PASSWORD"], "REPLICATION")
        source = values["USER_TEAM_DB_NAME"]
        await connection.execute(f"GRANT CONNECT ON DATABASE {_quoted(source)} TO {_quoted(debezium)}")
    finally:
        await connection.close()


PARTS = (Step(name="databases", title="Databases and roles", needs=("postgres",), work=provide),)
