"""Digests: mails that bring together what was to wait. Whoever changes a person's holds the person's lock."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from notification.queries.mails import CHANNEL
from service_kit.db import WriteSession

# The number says which sort of lock it is.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:user_oid AS text), 7))")
_DISSOLVE = text("""
    WITH digest AS (
        SELECT id FROM notification
        WHERE user_oid = :user_oid AND kind = 'digest' AND state = 'queued' AND attempts = 0
        FOR UPDATE SKIP LOCKED),
    dissolved AS (
        UPDATE notification AS n
        SET state = 'suppressed', reason = 'stale', detail = 'the person chose anew'
        FROM digest WHERE n.id = digest.id)
    UPDATE notification AS n
    SET state = 'queued', reason = NULL, detail = NULL, digest_id = NULL, next_attempt_at = :now
    FROM digest
    WHERE n.digest_id = digest.id AND n.state = 'suppressed' AND n.reason = 'digest'
""")
_HASTEN = text("""
    UPDATE notification SET next_attempt_at = :now
    WHERE user_oid = :user_oid AND state IN ('queued', 'retrying') AND next_attempt_at > :now
""")
_NOTIFY = text("SELECT pg_notify(:channel, '')")


async def reconsider(session: WriteSession, *, user_oid: UUID, now: datetime) -> None:
    """Let all that waits for a person be decided anew, as they have chosen otherwise.

    What waits is due now, and so are the mails of digests that no sender has taken yet: those are dissolved.
    To be called after the choice is written, in its transaction.
    """
    parameters = {"user_oid": user_oid, "now": now}
    await session.execute(_LOCK, {"user_oid": str(user_oid)})
    await session.execute(_DISSOLVE, parameters)
    await session.execute(_HASTEN, parameters)
    await session.execute(_NOTIFY, {"channel": CHANNEL})
