"""The queue that the senders share. A mail that is being sent is leased: one sender has it at a time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from notification.queries.due import UNBLOCKED
from notification.states import Reason, State
from service_kit.db import ReadSession, WriteSession

# What a digest was to bring is dropped with it, unless it has brought it before.
_DROP = text("""
    WITH u AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[]), CAST(:details AS text[]))
            AS u(id, reason, detail)),
    member AS (
        SELECT n.id, u.reason, u.detail
        FROM u
        JOIN notification d
            ON d.id = u.id AND d.kind = 'digest' AND NOT d.in_doubt AND d.accepted_at IS NULL
        JOIN notification n ON n.digest_id = u.id
        WHERE n.state = 'suppressed' AND n.reason = 'digest'
        ORDER BY n.id FOR UPDATE OF n),
    brought AS (
        UPDATE notification AS n SET reason = m.reason, detail = m.detail, digest_id = NULL
        FROM member m WHERE n.id = m.id)
    UPDATE notification AS n
    SET state = CASE WHEN n.in_doubt THEN 'unconfirmed' ELSE 'suppressed' END,
        reason = CASE WHEN NOT n.in_doubt THEN u.reason END, detail = u.detail, digest_id = NULL
    FROM u WHERE n.id = u.id
""")
_POSTPONE = text("""
    UPDATE notification AS n SET next_attempt_at = u.until
    FROM unnest(CAST(:ids AS uuid[]), CAST(:untils AS timestamptz[])) AS u(id, until)
    WHERE n.id = u.id
""")
_LEASE = text("""
    WITH leased AS (
        UPDATE notification AS n
        SET state = 'sending', attempts = n.attempts + 1,
            kind = CASE WHEN n.kind <> 'digest' THEN u.kind ELSE n.kind END, recipient = u.recipient,
            locale = u.locale, lease_owner = :owner, lease_until = :until
        FROM unnest(
            CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:recipients AS text[]),
            CAST(:locales AS text[])) AS u(id, kind, recipient, locale)
        WHERE n.id = u.id
        RETURNING n.id, n.attempts)
    INSERT INTO attempt (notification_id, number, started_at)
    SELECT id, attempts, CAST(:now AS timestamptz) FROM leased
""")
# The server's yes is a fact, even when the lease was lost while it was on its way to us. And whatever came
# back from an address before counts no more.
_SETTLE = text("""
    WITH u AS (
        SELECT * FROM unnest(
            CAST(:ids AS uuid[]), CAST(:numbers AS bigint[]), CAST(:outcomes AS text[]),
            CAST(:details AS text[]), CAST(:states AS text[]), CAST(:nexts AS timestamptz[]),
            CAST(:doubts AS bool[])) AS u(id, number, outcome, detail, state, next_attempt_at, in_doubt)),
    locked AS MATERIALIZED (
        SELECT n.id FROM notification n JOIN u ON u.id = n.id ORDER BY n.id FOR UPDATE OF n),
    ended AS (
        UPDATE attempt AS a SET finished_at = :now, outcome = u.outcome, detail = u.detail
        FROM u WHERE a.notification_id = u.id AND a.number = u.number),
    forgiven AS (
        DELETE FROM bounced_address WHERE address IN (
            SELECT b.address FROM u JOIN notification m ON m.id = u.id
            JOIN bounced_address b ON b.address = lower(m.recipient)
            WHERE u.state = 'accepted' ORDER BY b.address FOR UPDATE OF b))
    UPDATE notification AS n
    SET state = u.state, next_attempt_at = u.next_attempt_at, in_doubt = n.in_doubt OR u.in_doubt,
        detail = CASE WHEN u.state <> 'accepted' THEN u.detail END,
        accepted_at = CASE WHEN u.state = 'accepted' THEN CAST(:now AS timestamptz) ELSE n.accepted_at END,
        lease_owner = NULL, lease_until = NULL
    FROM u JOIN locked ON locked.id = u.id
    WHERE n.id = u.id
      AND ((n.state = 'sending' AND n.lease_owner = :owner AND n.attempts = u.number)
           OR (u.state = 'accepted' AND n.state IN ('queued', 'retrying', 'sending', 'unconfirmed')))
""")
# What somebody has locked now is renewed the next time: a lease lasts for three times.
_RENEW = text("""
    WITH mine AS (
        SELECT id FROM notification WHERE state = 'sending' AND lease_owner = :owner FOR UPDATE SKIP LOCKED)
    UPDATE notification AS n SET lease_until = :until FROM mine WHERE n.id = mine.id
""")
_RECOVER = text("""
    WITH late AS (
        SELECT id FROM notification
        WHERE state = 'sending' AND lease_until < :now AND lease_owner <> :owner FOR UPDATE SKIP LOCKED),
    lost AS (
        UPDATE notification AS n
        SET state = CASE WHEN in_doubt THEN 'unconfirmed' ELSE 'retrying' END, in_doubt = true,
            detail = :detail, next_attempt_at = :now, lease_owner = NULL, lease_until = NULL
        FROM late WHERE n.id = late.id
        RETURNING n.id, n.attempts, n.state)
    UPDATE attempt AS a SET finished_at = :now, outcome = 'unconfirmed', detail = :detail
    FROM lost WHERE a.notification_id = lost.id AND a.number = lost.attempts
    RETURNING lost.state
""")
_RELEASE = text("""
    WITH released AS (
        UPDATE notification
        SET state = CASE WHEN attempts > 1 THEN 'retrying' ELSE 'queued' END, attempts = attempts - 1,
            lease_owner = NULL, lease_until = NULL
        WHERE state = 'sending' AND lease_owner = :owner AND id <> ALL(CAST(:held AS uuid[]))
        RETURNING id, attempts + 1 AS number)
    DELETE FROM attempt AS a USING released
    WHERE a.notification_id = released.id AND a.number = released.number
""")
_END_UNFINISHED = text("""
    WITH ended AS (
        UPDATE notification
        SET state = 'unconfirmed', in_doubt = true, detail = :detail, lease_owner = NULL, lease_until = NULL
        WHERE state IN ('queued', 'retrying', 'sending')
        RETURNING id),
    attempts AS (
        UPDATE attempt AS a SET finished_at = :now, outcome = 'unconfirmed', detail = :detail
        FROM ended WHERE a.notification_id = ended.id AND a.finished_at IS NULL)
    SELECT id FROM ended
""")
_NEXT_DUE = text(
    f"SELECT n.next_attempt_at FROM notification n WHERE {UNBLOCKED} ORDER BY n.next_attempt_at LIMIT 1"  # noqa: S608
)


async def drop(session: WriteSession, drops: Mapping[UUID, tuple[Reason, str]]) -> None:
    """End mails that must not be sent any more, each with the reason, also in words.

    One that may have been sent already is unconfirmed.
    """
    if drops:
        reasons, details = zip(*drops.values(), strict=True)
        await session.execute(_DROP, {"ids": list(drops), "reasons": reasons, "details": details})


async def postpone(session: WriteSession, untils: Mapping[UUID, datetime]) -> None:
    """Let mails that were taken wait until then; it costs them no attempt."""
    if untils:
        await session.execute(_POSTPONE, {"ids": list(untils), "untils": list(untils.values())})


async def lease(
    session: WriteSession, mails: Sequence[Mapping[str, Any]], *, owner: UUID, now: datetime, until: datetime
) -> None:
    """Note that `owner` begins an attempt for each of these; each has id, kind, recipient and locale."""
    if mails:
        names = ("id", "kind", "recipient", "locale")
        columns = {f"{name}s": [mail[name] for mail in mails] for name in names}
        await session.execute(_LEASE, {**columns, "owner": owner, "now": now, "until": until})


async def settle(
    session: WriteSession, settlements: Sequence[Mapping[str, Any]], *, owner: UUID, now: datetime
) -> None:
    """Write how attempts ended; each has id, number, outcome, detail, state, next (attempt) and doubt."""
    if settlements:
        names = ("id", "number", "outcome", "detail", "state", "next", "doubt")
        columns = {f"{name}s": [settlement[name] for settlement in settlements] for name in names}
        await session.execute(_SETTLE, {**columns, "owner": owner, "now": now})


async def renew(session: WriteSession, *, owner: UUID, until: datetime) -> None:
    """Keep what `owner` is sending its own until then."""
    await session.execute(_RENEW, {"owner": owner, "until": until})


async def recover(session: WriteSession, *, owner: UUID, now: datetime, detail: str) -> list[State]:
    """Take back the mails of other senders whose lease is over; returns what each has become.

    Nobody knows whether the server has them: they go once more, and after that stay unconfirmed.
    """
    states = await session.scalars(_RECOVER, {"owner": owner, "now": now, "detail": detail})
    return [State(state) for state in states]


async def release(session: WriteSession, *, owner: UUID, held: Collection[UUID]) -> None:
    """Undo the leases of `owner` on mails that it does not hold: it never learned that it had them."""
    await session.execute(_RELEASE, {"owner": owner, "held": list(held)})


async def end_unfinished(session: WriteSession, *, now: datetime, detail: str) -> int:
    """End every mail that is not sent yet, as one that may have been sent; returns how many."""
    return len((await session.execute(_END_UNFINISHED, {"now": now, "detail": detail})).all())


async def next_due(session: ReadSession) -> datetime | None:
    """When the next mail may go, or None when none waits that this release has words for."""
    return (await session.execute(_NEXT_DUE)).scalar_one_or_none()
