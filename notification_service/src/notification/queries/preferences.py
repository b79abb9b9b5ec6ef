"""What people chose, and the mails that wait because of it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from notification.models import Person, Preference
from notification.queries.mails import CHANNEL
from service_kit.db import ReadSession, WriteSession

# In one order, so that two transactions cannot wait for each other.
_HOLD = text("""
    SELECT pg_advisory_xact_lock(hashtextextended('mails of ' || oid, 0))
    FROM (SELECT oid FROM unnest(CAST(:oids AS uuid[])) AS u(oid) ORDER BY oid) AS people
""")
# Whoever locks mails first, as senders do, may wait for the person: so locked mails are passed over. They are
# being decided on at this moment anyway.
_LOCK_DIGESTS = text("""
    SELECT id FROM notification
    WHERE user_oid = :oid AND kind = 'digest' AND state = 'queued' AND attempts = 0 AND resends = 0
    FOR UPDATE SKIP LOCKED
""")
_TAKE_OUT = text("""
    UPDATE notification
    SET state = 'queued', reason = NULL, detail = NULL, digest_id = NULL, next_attempt_at = :now
    WHERE id IN (
        SELECT id FROM notification
        WHERE digest_id = ANY(CAST(:digests AS uuid[])) AND state = 'suppressed' AND reason = 'digest'
        FOR UPDATE SKIP LOCKED)
""")
# Not suppressed but gone: a digest of the same window may be wanted again, and would have the same id.
_DELETE_EMPTY = text("""
    DELETE FROM notification AS d
    WHERE id = ANY(CAST(:digests AS uuid[])) AND NOT EXISTS (
        SELECT FROM notification AS m
        WHERE m.digest_id = d.id AND m.state = 'suppressed' AND m.reason = 'digest')
""")
# Not those that are retried: somebody could press a weak server by changing their mind.
_HASTEN = text("""
    UPDATE notification SET next_attempt_at = :now
    WHERE id IN (
        SELECT id FROM notification
        WHERE user_oid = :oid AND state = 'queued' AND kind <> 'digest' AND next_attempt_at > :now
        FOR UPDATE SKIP LOCKED)
""")
_NOTIFY = text("SELECT pg_notify(:channel, '')")


async def hold(session: WriteSession, user_oids: Collection[UUID]) -> None:
    """Let nobody else decide on the mails of these people until the transaction ends."""
    await session.execute(_HOLD, {"oids": list(user_oids)})


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
    """Write what a person, who is held, chose."""
    changed = {**values, "version": version, "updated_at": now}
    statement = insert(Preference).values(user_oid=user_oid, **changed)
    await session.execute(statement.on_conflict_do_update(index_elements=["user_oid"], set_=changed))


async def decide_anew(session: WriteSession, user_oid: UUID, now: datetime) -> None:
    """Let what waits for a person, who is held, be due: also what waits in digests that nobody has begun."""
    digests = list((await session.scalars(_LOCK_DIGESTS, {"oid": user_oid})).all())
    await session.execute(_TAKE_OUT, {"digests": digests, "now": now})
    await session.execute(_DELETE_EMPTY, {"digests": digests})
    await session.execute(_HASTEN, {"oid": user_oid, "now": now})
    await session.execute(_NOTIFY, {"channel": CHANNEL})
