"""Digests: mails that bring together what was to wait.

Whoever lets a mail wait, or decides anew about what waits, holds the person's lock. Senders have locked rows
by then, so they never wait for it: where they do not get it, the mail stays as it is for a moment.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from notification.queries.mails import CHANNEL
from service_kit.db import WriteSession

_LOCK = "xact_lock(hashtextextended('mails of ' || CAST({} AS text), 0))"
_HOLD = text(f"SELECT pg_advisory_{_LOCK.format('CAST(:oid AS uuid)')}")
_TRY_HOLD = text(
    "SELECT oid FROM unnest(CAST(:people AS uuid[])) AS u(oid)"  # noqa: S608 - put together from constants
    f" WHERE pg_try_advisory_{_LOCK.format('oid')}"
)
_OPEN_BURSTS = text("""
    SELECT d.user_oid, d.payload ->> 'kind' AS kind, d.id
    FROM unnest(CAST(:people AS uuid[])) AS u(oid)
    JOIN notification d ON d.user_oid = u.oid
    WHERE d.created_at > CAST(:oldest AS timestamptz) AND d.kind = 'digest' AND d.state = 'queued'
        AND d.resends = 0 AND d.payload ->> 'window' = 'burst'
    ORDER BY d.next_attempt_at FOR UPDATE OF d SKIP LOCKED
""")
# One that the person's new choice dissolved may be wanted again.
_OPEN = text("""
    INSERT INTO notification (
        id, kind, source, subject, user_oid, epoch, lsn, committed_at, recipient, payload, message_id, state,
        attempts, in_doubt, next_attempt_at, created_at)
    SELECT id, 'digest', 'digests', subject, user_oid, 0, 0, until, recipient, CAST(payload AS jsonb),
        '<' || id || '@' || domain || '>', 'queued', 0, false, until, CAST(:now AS timestamptz)
    FROM unnest(
        CAST(:id AS uuid[]), CAST(:subject AS text[]), CAST(:user_oid AS uuid[]),
        CAST(:until AS timestamptz[]), CAST(:recipient AS text[]), CAST(:payload AS text[]),
        CAST(:domain AS text[]))
        AS u(id, subject, user_oid, until, recipient, payload, domain)
    ON CONFLICT (id) DO UPDATE
    SET state = 'queued', reason = NULL, detail = NULL, resends = 0, resent_at = NULL,
        next_attempt_at = excluded.next_attempt_at
    WHERE notification.state = 'suppressed' AND notification.attempts = 0
""")
_LOCK_QUEUED = text("""
    SELECT id FROM notification
    WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'queued' AND resends = 0 FOR UPDATE SKIP LOCKED
""")
# A burst lasts as long as more comes, but not for ever.
_PROLONG = text("""
    UPDATE notification AS d
    SET next_attempt_at = greatest(
        d.next_attempt_at, least(u.until, d.created_at + CAST(:longest AS interval)))
    FROM unnest(CAST(:digests AS uuid[]), CAST(:ends AS timestamptz[])) AS u(id, until)
    WHERE d.id = u.id AND d.payload ->> 'window' = 'burst'
""")
_JOIN = text("""
    UPDATE notification AS n
    SET state = 'suppressed', reason = 'digest', detail = 'a digest brings it', digest_id = u.digest_id
    FROM unnest(CAST(:mails AS uuid[]), CAST(:digests AS uuid[])) AS u(id, digest_id)
    WHERE n.id = u.id
""")
_LOCK_MEMBERS = text("""
    SELECT id FROM notification
    WHERE digest_id = ANY(CAST(:digests AS uuid[])) AND state = 'suppressed' AND reason = 'digest'
    ORDER BY id FOR UPDATE
""")
_DETACH = text("""
    UPDATE notification
    SET state = 'queued', reason = NULL, detail = NULL, digest_id = NULL, next_attempt_at = :now
    WHERE id = ANY(CAST(:ids AS uuid[]))
""")
_DISSOLVE = text("""
    WITH digest AS (
        SELECT id FROM notification
        WHERE user_oid = :user_oid AND kind = 'digest' AND state = 'queued' AND attempts = 0
            AND next_attempt_at > :now
        FOR UPDATE SKIP LOCKED),
    dissolved AS (
        UPDATE notification AS n
        SET state = 'suppressed', reason = 'stale', detail = 'the person chose anew'
        FROM digest WHERE n.id = digest.id),
    member AS (
        SELECT n.id FROM notification n JOIN digest ON n.digest_id = digest.id
        WHERE n.state = 'suppressed' AND n.reason = 'digest'
        ORDER BY n.id FOR UPDATE OF n)
    UPDATE notification AS n
    SET state = 'queued', reason = NULL, detail = NULL, digest_id = NULL, next_attempt_at = :now
    FROM member WHERE n.id = member.id
""")
# What is to be tried again waits for its server, whatever its reader chooses. What a sender has locked now is
# not put off: that takes the person's lock.
_HASTEN = text("""
    WITH waiting AS (
        SELECT id FROM notification
        WHERE user_oid = :user_oid AND state = 'queued' AND next_attempt_at > :now
        FOR UPDATE SKIP LOCKED)
    UPDATE notification AS n SET next_attempt_at = :now FROM waiting WHERE n.id = waiting.id
""")
_NOTIFY = text("SELECT pg_notify(:channel, '')")


async def hold(session: WriteSession, user_oid: UUID) -> None:
    """Let nobody else decide what of a person's waits, until the transaction ends."""
    await session.execute(_HOLD, {"oid": user_oid})


async def try_hold(session: WriteSession, people: Collection[UUID]) -> set[UUID]:
    """As `hold`, without waiting for anybody: returns those of the people who are held now."""
    return set((await session.scalars(_TRY_HOLD, {"people": list(people)})).all())


async def open_bursts(
    session: WriteSession, people: Collection[UUID], *, oldest: datetime
) -> dict[tuple[UUID, str], UUID]:
    """The digests of bursts that these people's mails may still join, by person and kind."""
    if not people:
        return {}
    rows = await session.execute(_OPEN_BURSTS, {"people": list(people), "oldest": oldest})
    return {(row.user_oid, row.kind): row.id for row in rows}


async def ensure(session: WriteSession, digests: Collection[Mapping[str, Any]], *, now: datetime) -> None:
    """Queue digests that do not exist yet, or that were dissolved.

    Each has id, subject, user_oid, until (the end of its window), recipient, payload (as JSON) and domain.
    """
    if not digests:
        return
    names = ("id", "subject", "user_oid", "until", "recipient", "payload", "domain")
    columns = {name: [digest[name] for digest in digests] for name in names}
    await session.execute(_OPEN, {**columns, "now": now})


async def lock_queued(session: WriteSession, ids: Collection[UUID]) -> set[UUID]:
    """Lock those that gather yet: no sender has taken them, nobody asked for them again; returns them."""
    return set((await session.scalars(_LOCK_QUEUED, {"ids": list(ids)})).all()) if ids else set()


async def join(session: WriteSession, joins: Mapping[UUID, UUID]) -> None:
    """Let mails be brought by digests: mail → digest."""
    if joins:
        await session.execute(_JOIN, {"mails": list(joins), "digests": list(joins.values())})


async def lock_members(session: WriteSession, digests: Collection[UUID]) -> None:
    """Let nobody else drop what these digests bring; who is just dropping some of it is waited for."""
    await session.execute(_LOCK_MEMBERS, {"digests": list(digests)})


async def detach(session: WriteSession, ids: Collection[UUID], *, now: datetime) -> None:
    """Let mails that digests were to bring go by themselves."""
    if ids:
        await session.execute(_DETACH, {"ids": list(ids), "now": now})


async def prolong(session: WriteSession, ends: Mapping[UUID, datetime], *, longest: timedelta) -> None:
    """Let digests of bursts wait until these ends at least, each for no longer than `longest` in all."""
    if ends:
        parameters = {"digests": list(ends), "ends": list(ends.values()), "longest": longest}
        await session.execute(_PROLONG, parameters)


async def reconsider(session: WriteSession, *, user_oid: UUID, now: datetime) -> None:
    """Let all that waits for a person be decided anew, as they have chosen otherwise.

    What waits is due now, but for what was tried already, and so are the mails of digests whose windows last:
    those are dissolved.
    To be called in the transaction that writes the choice. What a sender is just deciding about by the old
    one is waited for.
    """
    parameters = {"user_oid": user_oid, "now": now}
    await hold(session, user_oid)
    await session.execute(_DISSOLVE, parameters)
    await session.execute(_HASTEN, parameters)
    await session.execute(_NOTIFY, {"channel": CHANNEL})
