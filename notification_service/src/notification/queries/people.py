"""The projection of the people: everybody who has an account, or had one."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Table, text

from notification.models import Person
from service_kit.db import WriteSession
from service_kit.projection import upsert_newer

_TABLE: Table = Person.__table__  # type: ignore[assignment]  # declared wider in SQLAlchemy
# In one order, so that two transactions cannot wait for each other.
_LOCK = text("SELECT * FROM person WHERE oid = ANY(CAST(:oids AS uuid[])) ORDER BY oid FOR UPDATE")
_NAMES = text("SELECT oid, name FROM person WHERE oid = ANY(CAST(:oids AS uuid[]))")


async def lock(session: WriteSession, oids: Collection[UUID]) -> dict[UUID, RowMapping]:
    """The people with these oids, markers of deleted ones included, kept from changing until the end."""
    rows = (await session.execute(_LOCK, {"oids": list(oids)})).mappings()
    return {row["oid"]: row for row in rows}


async def write(session: WriteSession, people: Iterable[Mapping[str, Any]]) -> None:
    """Store people as they are by now, unless the table has them newer."""
    await upsert_newer(session, _TABLE, people, key="oid")


async def names(session: WriteSession, oids: Collection[UUID]) -> dict[UUID, str]:
    """The names of those of them who are known."""
    if not oids:
        return {}
    return {row.oid: row.name for row in await session.execute(_NAMES, {"oids": list(oids)})}
