"""Projections: tables that follow another service's rows, where an older state never wins.

Each row carries the version `(epoch, lsn)` of the state that it shows. A delete leaves its row as a
marker, so that an older change that comes again cannot bring it back.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Integer, Table, TextClause, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from service_kit.db import WriteSession

Row = Mapping[str, Any]
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy


class VersionedRow:
    """Mixin: the version of the state that a projected row shows."""

    epoch: Mapped[int] = mapped_column(Integer)
    lsn: Mapped[int] = mapped_column(BigInteger)
    deleted: Mapped[bool] = mapped_column(Boolean, default=False)


class TrackedRow(VersionedRow):
    """Mixin: where in Kafka the row was last seen, so that a re-snapshot can be swept."""

    kafka_partition: Mapped[int] = mapped_column(Integer)
    kafka_offset: Mapped[int] = mapped_column(BigInteger)


def newest(rows: Iterable[Row], *, key: str) -> list[Row]:
    """The newest version of each key, ordered by key so that concurrent writers lock in one order.

    Of equal versions the first one wins, as it does in the database.
    """
    best: dict[Any, Row] = {}
    for row in rows:
        known = best.get(row[key])
        if known is None or (row["epoch"], row["lsn"]) > (known["epoch"], known["lsn"]):
            best[row[key]] = row
    return [best[value] for value in sorted(best)]


async def upsert_newer(session: WriteSession, table: Table, rows: Iterable[Row], *, key: str) -> set[Any]:
    """Write the rows that are newer than what the table shows.

    Args:
        session: the caller's transaction.
        table: has `epoch`, `lsn` and the unique column `key`.
        rows: column name → value; a column that a row lacks keeps its value in the table.
        key: the column that identifies a row.

    Returns:
        The keys that were written.
    """
    by_shape: dict[tuple[str, ...], list[Row]] = {}
    for row in newest(rows, key=key):
        by_shape.setdefault(tuple(row), []).append(row)
    written: set[Any] = set()
    for columns, group in by_shape.items():
        result = await session.execute(_upsert(table, columns, key), _arrays(columns, group))
        written.update(result.scalars())
    return written


async def touch_seen(session: WriteSession, table: Table, rows: Sequence[Row], *, key: str) -> None:
    """Note where snapshot rows were seen, also those that changed nothing: a sweep must spare them."""
    columns = (key, "kafka_partition", "kafka_offset")
    if rows:
        await session.execute(_touch(table, key), _arrays(columns, rows))


async def sweep_unseen(
    session: WriteSession, table: Table, boundaries: Mapping[int, int], *, key: str
) -> list[Any]:
    """Mark as deleted what a finished snapshot did not contain.

    Args:
        session: the caller's transaction.
        table: a table of `TrackedRow`s.
        boundaries: partition → the offset from which on the snapshot and what followed it lie. A row
            last seen before that is gone at the source.
        key: the column that identifies a row.

    Returns:
        The keys that were swept. Their version becomes 0: absence is the weakest evidence, and any
        row that comes later wins over it.
    """
    statement = text(
        f"UPDATE {table.name} AS t SET deleted = true, lsn = 0"
        " FROM unnest(CAST(:partitions AS int[]), CAST(:offsets AS bigint[])) AS b(partition, boundary)"
        " WHERE t.kafka_partition = b.partition AND t.kafka_offset < b.boundary AND NOT t.deleted"
        f" RETURNING t.{key}"
    )
    parameters = {"partitions": list(boundaries), "offsets": list(boundaries.values())}
    return list((await session.execute(statement, parameters)).scalars())


async def forget_places(session: WriteSession, projection: type[TrackedRow]) -> None:
    """Forget where rows were seen, when that was in another log than the topic's present one.

    The next sweep then spares only what its snapshot contained.
    """
    # Before all offsets of partition 0, which every topic has: no boundary lies below.
    places = {"kafka_partition": 0, "kafka_offset": -1}
    await session.execute(update(projection).where(~projection.deleted).values(places))


def _arrays(columns: Sequence[str], rows: Sequence[Row]) -> dict[str, list[Any]]:
    return {column: [row[column] for row in rows] for column in columns}


@lru_cache(maxsize=256)
def _upsert(table: Table, columns: tuple[str, ...], key: str) -> TextClause:
    names = ", ".join(columns)
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column != key)
    return text(
        f"INSERT INTO {table.name} AS t ({names}) SELECT {names} FROM {_unnest(table, columns)}"
        f" ON CONFLICT ({key}) DO UPDATE SET {changes}"
        " WHERE (t.epoch, t.lsn) < (excluded.epoch, excluded.lsn)"
        f" RETURNING t.{key}"
    )


@lru_cache(maxsize=256)
def _touch(table: Table, key: str) -> TextClause:
    columns = (key, "kafka_partition", "kafka_offset")
    return text(
        f"UPDATE {table.name} AS t SET kafka_partition = u.kafka_partition, kafka_offset = u.kafka_offset"
        f" FROM {_unnest(table, columns)} WHERE t.{key} = u.{key} AND t.kafka_offset < u.kafka_offset"
    )


def _unnest(table: Table, columns: Sequence[str]) -> str:
    arrays = ", ".join(f"CAST(:{column} AS {table.c[column].type.compile(_DIALECT)}[])" for column in columns)
    return f"unnest({arrays}) AS u({', '.join(columns)})"
