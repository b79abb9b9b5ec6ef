"""The projection of the assignments."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, Table, text

from notification.models import Assignment
from service_kit.db import WriteSession
from service_kit.projection import sweep_unseen, touch_seen, upsert_newer

_TABLE: Table = Assignment.__table__  # type: ignore[assignment]  # declared wider in SQLAlchemy
# In one order, so that two transactions cannot wait for each other.
_LOCK = text("SELECT * FROM assignment WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR UPDATE")


async def lock(session: WriteSession, ids: Collection[int]) -> dict[int, RowMapping]:
    """The present rows of `ids`, markers of deleted ones included, kept from changing until the end."""
    rows = (await session.execute(_LOCK, {"ids": list(ids)})).mappings()
    return {row["id"]: row for row in rows}


async def write(session: WriteSession, rows: Iterable[Mapping[str, Any]]) -> None:
    """Store rows that are newer than the table's."""
    await upsert_newer(session, _TABLE, rows, key="id")


async def note_seen(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note that a snapshot holds these rows, though it says nothing new of them."""
    await touch_seen(session, _TABLE, rows, key="id")


async def sweep(session: WriteSession, boundaries: Mapping[int, int]) -> list[int]:
    """Mark the rows as deleted that a finished snapshot did not contain; returns their ids."""
    return await sweep_unseen(session, _TABLE, boundaries, key="id")
