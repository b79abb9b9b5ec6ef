"""What people chose."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from notification.models import Person, Preference
from service_kit.db import ReadSession, WriteSession


async def find(session: ReadSession, user_oid: UUID) -> Preference | None:
    """What a person chose, if they ever chose something."""
    return await session.get(Preference, user_oid, populate_existing=True)


async def locale_of(session: ReadSession, user_oid: UUID) -> str | None:
    """The language in which to speak to a person: what they chose, or that of their account."""
    chosen = select(Preference.locale).where(Preference.user_oid == user_oid).scalar_subquery()
    account = select(Person.locale).where(Person.oid == user_oid).scalar_subquery()
    return (await session.execute(select(func.coalesce(chosen, account)))).scalar_one()


async def save(
    session: WriteSession, user_oid: UUID, values: Mapping[str, Any], *, version: int, now: datetime
) -> None:
    """Write what a person chose; whoever does, holds the person (`digests.hold`)."""
    changed = {**values, "version": version, "updated_at": now}
    statement = insert(Preference).values(user_oid=user_oid, **changed)
    await session.execute(statement.on_conflict_do_update(index_elements=["user_oid"], set_=changed))
