"""Profiles: reading one, and changing one under a lock."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from service_kit.db import ReadSession, WriteSession
from task_meeting.models import Profile


async def find_profile(session: ReadSession, user_oid: UUID) -> Profile | None:
    """A person's profile, if they ever changed it."""
    return await session.get(Profile, user_oid)


async def lock_profile(session: WriteSession, user_oid: UUID) -> Profile:
    """A person's profile, which nobody else changes before this transaction ends; an empty one at first.

    The row is made before it is locked, so that two first changes cannot both find none.
    """
    await session.execute(insert(Profile).values(user_oid=user_oid).on_conflict_do_nothing())
    statement = select(Profile).where(Profile.user_oid == user_oid).with_for_update()
    return (await session.execute(statement)).scalar_one()


async def save_profile(session: WriteSession, user_oid: UUID, fields: Mapping[str, Any]) -> int:
    """Write a locked profile's new values; returns its new version."""
    statement = (
        update(Profile)
        .where(Profile.user_oid == user_oid)
        .values(**fields, version=Profile.version + 1, updated_at=func.now())
        .returning(Profile.version)
    )
    return (await session.execute(statement)).scalar_one()
