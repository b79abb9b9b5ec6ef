"""Plain SQL on a service's real database, in the service's own role."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import psycopg2
import psycopg2.extensions
import psycopg2.extras

Row = dict[str, Any]
psycopg2.extras.register_uuid()


class Sql:
    """One connection; each call of `rows` or `run` is a transaction, unless it is in a `transaction`."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg2.extensions.connection | None = None
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator["Sql"]:
        """Commit at the end, roll back when the block raises; inside another one it is a part of that."""
        self._depth += 1
        try:
            # psycopg commits at the end of each such block, so only the outermost may be one.
            with self._open() if self._depth == 1 else nullcontext():
                yield self
        finally:
            self._depth -= 1

    def rows(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> list[Row]:
        """The rows that a query returns, column name → value."""
        if self._depth:
            return self._execute(query, parameters)
        with self.transaction():
            return self._execute(query, parameters)

    def run(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> None:
        self.rows(query, parameters)

    def value(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row."""
        return next(iter(self.rows(query, parameters)[0].values()))

    @property
    def is_lost(self) -> bool:
        """Whether there is no connection, or the server has ended it."""
        return self._connection is None or self._connection.closed != 0

    def close(self) -> None:
        """End the connection; the next query opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> psycopg2.extensions.connection:
        if self.is_lost:
            self._connection = psycopg2.connect(self._dsn, connect_timeout=10)
        return self._connection

    def _execute(self, query: str, parameters: Any) -> list[Row]:
        with self._open().cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(query, parameters)
            return [dict(row) for row in cursor.fetchall()] if cursor.description else []
