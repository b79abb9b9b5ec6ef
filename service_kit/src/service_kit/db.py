"""The database: one place that commits, and one rule for which errors are worth another try."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import URL, MetaData, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

CONNECT_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 60.0
_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
# SQLSTATE classes that are the data's own fault: 22 data exception, 23 integrity constraint, 54 program
# limit, such as a text too long for an index (PostgreSQL documentation, appendix A). Every other class
# is the database's, the network's or the deployment's, and says nothing against the message at hand.
_DATA_FAULTS = ("22", "23", "54")


def metadata() -> MetaData:
    """A MetaData whose constraints have predictable names, so that migrations can speak of them."""
    return MetaData(naming_convention=_NAMING)


class ReadSession(AsyncSession):
    """A session of a read-only transaction; what only reads asks for this type."""


class WriteSession(ReadSession):
    """A session of a transaction that may write; it is committed by `Database.transaction` alone."""


class Database:
    """The service's own database."""

    def __init__(
        self,
        url: URL,
        *,
        application_name: str,
        pool_size: int = 5,
        server_settings: Mapping[str, str] | None = None,
    ) -> None:
        """Connects to nothing yet; `application_name` shows in pg_stat_activity.

        `server_settings` are parameters of PostgreSQL for all transactions of this object.
        """
        self._url = url
        self._application_name = application_name
        self._engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=CONNECT_TIMEOUT_S,
            # The same connection again: it has the statements, their plans and what they read.
            pool_use_lifo=True,
            # Errors quote their parameters otherwise, and those are names and addresses.
            hide_parameters=True,
            connect_args={
                "timeout": CONNECT_TIMEOUT_S,
                "command_timeout": COMMAND_TIMEOUT_S,
                "server_settings": {
                    "application_name": application_name,
                    "idle_in_transaction_session_timeout": "60s",
                    "timezone": "UTC",
                    **(server_settings or {}),
                },
            },
        )
        event.listen(self._engine.sync_engine, "checkout", _refuse_closed)
        self._read_engine = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[WriteSession]:
        """A transaction that is committed when the block ends, and rolled back when it raises."""
        async with WriteSession(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """A read-only transaction: all its queries see one state of the database."""
        async with ReadSession(self._read_engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def ping(self) -> None:
        """Raise unless the database answers."""
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def connect(self) -> Any:
        """A connection of the driver (asyncpg) outside of the pool, for its own ways and for libraries.

        Whoever asked for it closes it.
        """
        return await asyncpg.connect(
            self._url.set(drivername="postgresql").render_as_string(hide_password=False),
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings={"application_name": self._application_name, "timezone": "UTC"},
        )

    async def listen(self, channel: str) -> AsyncGenerator[None, None]:
        """Wake the caller at NOTIFY on `channel`, on a connection of its own.

        It wakes once as soon as it listens, so that what was written before is looked at too, and once
        for all that comes while the caller is busy. It ends when the connection is lost: the caller
        looks at its tables and listens again.
        """
        woken = asyncio.Event()
        connection = await self.connect()
        connection.add_termination_listener(lambda _connection: woken.set())
        try:
            await connection.add_listener(channel, lambda *_notification: woken.set())
            while not connection.is_closed():
                yield
                await woken.wait()
                woken.clear()
        finally:
            await connection.close(timeout=1)

    async def close(self) -> None:
        await self._engine.dispose()


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """Let the pool connect anew when the server has closed the connection meanwhile.

    The driver knows that without asking the server, which SQLAlchemy's own ping takes three round trips for.
    """
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later: the message at hand is not what is wrong.

    Connections, deadlocks, shutdowns, full disks, missing tables after a half-done deployment: all of
    these are retried for ever and park nothing. A data or integrity error, or an exception of our own
    code, is not transient.
    """
    if isinstance(error, asyncpg.exceptions.DataError):
        return False
    if isinstance(error, DBAPIError):
        return _is_transient_dbapi(error)
    # asyncpg's own InterfaceError: a connection that was closed under us.
    return isinstance(
        error, (OSError, PoolTimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)
    )


def _is_transient_dbapi(error: DBAPIError) -> bool:
    causes = (error.orig, getattr(error.orig, "__cause__", None))
    # Raised by the driver before it asks the server: a value that does not fit its column's type.
    if any(isinstance(cause, asyncpg.exceptions.DataError) for cause in causes):
        return False
    if isinstance(error, InterfaceError):
        return True
    sqlstate = getattr(error.orig, "sqlstate", None) or ""
    return not sqlstate.startswith(_DATA_FAULTS)
