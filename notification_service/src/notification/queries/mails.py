"""The mails as intents: writing them, dropping them, and showing them."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, text

from notification.kinds import CLOSING
from notification.models import Attempt, Notification
from notification.states import State
from service_kit.db import ReadSession, WriteSession

# Whoever listens looks at the table at once instead of at its next round.
CHANNEL = "notification_due"

_INSERT = text("""
    INSERT INTO notification (
        id, kind, source, subject, assignment_id, user_oid, epoch, lsn, committed_at, expires_at, recipient,
        locale, import_oid, payload, message_id, state, attempts, in_doubt, next_attempt_at, created_at)
    SELECT u.id, u.kind, u.source, u.subject, u.assignment_id, u.user_oid, u.epoch, u.lsn, u.committed_at,
        u.expires_at, u.recipient, u.locale, u.import_oid, CAST(u.payload AS jsonb),
        '<' || u.id || '@' || CAST(:domain AS text) || '>', 'queued', 0, false, CAST(:now AS timestamptz),
        CAST(:now AS timestamptz)
    FROM unnest(
        CAST(:id AS uuid[]), CAST(:kind AS text[]), CAST(:source AS text[]), CAST(:subject AS text[]),
        CAST(:assignment_id AS bigint[]), CAST(:user_oid AS uuid[]), CAST(:epoch AS bigint[]),
        CAST(:lsn AS bigint[]), CAST(:committed_at AS timestamptz[]), CAST(:expires_at AS timestamptz[]),
        CAST(:recipient AS text[]), CAST(:locale AS text[]), CAST(:import_oid AS uuid[]),
        CAST(:payload AS text[]))
        AS u(id, kind, source, subject, assignment_id, user_oid, epoch, lsn, committed_at, expires_at,
            recipient, locale, import_oid, payload)
    ON CONFLICT DO NOTHING
""")
_NOTIFY = text("SELECT pg_notify(:channel, '')")
# With what is just being sent, alone or by a digest.
_UNSENT = """
    n.subject = ANY(CAST(:subjects AS text[])) AND n.kind <> ALL(CAST(:closing AS text[]))
        AND (n.state IN ('queued', 'retrying', 'sending') OR n.reason = 'digest' AND EXISTS (
            SELECT FROM notification d
            WHERE d.id = n.digest_id AND d.state IN ('queued', 'retrying', 'sending')))
"""
_LOCK = "SELECT n.id FROM notification n WHERE {} ORDER BY n.state = 'suppressed', n.id FOR UPDATE OF n"
_LOCK_UNSENT = text(_LOCK.format(_UNSENT))
# A digest that may have reached its reader goes as it was; what is true of one that was asked for again is
# looked at when it goes.
_CANCEL = text("""
    UPDATE notification AS n
    SET state = CASE WHEN in_doubt THEN 'unconfirmed' ELSE 'suppressed' END,
        reason = CASE WHEN NOT in_doubt THEN 'stale' END, detail = :detail, digest_id = NULL
    WHERE subject = ANY(CAST(:subjects AS text[])) AND kind <> ALL(CAST(:closing AS text[]))
        AND (state IN ('queued', 'retrying') OR reason = 'digest' AND EXISTS (
            SELECT FROM notification d
            WHERE d.id = n.digest_id AND d.state IN ('queued', 'retrying')
                AND NOT d.in_doubt AND d.resends = 0))
""")
# The last check before another attempt sees it.
_EXPIRE = text(
    f"UPDATE notification AS n SET expires_at = n.committed_at WHERE {_UNSENT}"  # noqa: S608 - of constants
)
# What is just being sent, or in a digest that is, may be accepted yet; another attempt is not made of it.
_OF_WITHDRAWN = """
    n.source = 'reminders' AND EXISTS (
        SELECT FROM unnest(
            CAST(:subjects AS text[]), CAST(:moments AS timestamptz[]), CAST(:holders AS uuid[])
        ) AS w(subject, at, holder)
        WHERE w.subject = n.subject AND n.committed_at <= w.at AND n.user_oid IS DISTINCT FROM w.holder)
"""
_LOCK_WITHDRAWN = text(_LOCK.format(f"{_UNSENT} AND {_OF_WITHDRAWN}"))
_WITHDRAW = text("UPDATE notification SET expires_at = committed_at WHERE id = ANY(CAST(:ids AS uuid[]))")
_NEXT_REQUEST = text("SELECT nextval('notification_request')")
_COLUMNS = (
    "id",
    "kind",
    "source",
    "subject",
    "assignment_id",
    "user_oid",
    "epoch",
    "lsn",
    "committed_at",
    "expires_at",
    "recipient",
    "locale",
    "import_oid",
)


class Withdrawal(NamedTuple):
    """Reminders of a subject that are untrue since a moment, but for those of its holder, if there is one."""

    subject: str
    at: datetime
    holder: UUID | None


async def insert(session: WriteSession, intents: Sequence[Any], *, now: datetime, domain: str) -> None:
    """Queue one mail for each intent; one that was queued before, in whatever state, stays as it is."""
    if not intents:
        return
    parameters: dict[str, Any] = {name: [getattr(intent, name) for intent in intents] for name in _COLUMNS}
    parameters["payload"] = [json.dumps(intent.payload) for intent in intents]
    await session.execute(_INSERT, {**parameters, "now": now, "domain": domain})
    await session.execute(_NOTIFY, {"channel": CHANNEL})


async def cancel_unsent(session: WriteSession, subjects: Collection[str], detail: str) -> None:
    """Drop what is not said yet about subjects that are no more, except that they ended.

    What waits is dropped at once. What is just being sent, or a digest that is brings, may be accepted yet;
    another attempt is not made of it.
    """
    if subjects:
        parameters = {"subjects": list(subjects), "closing": list(CLOSING)}
        await session.execute(_LOCK_UNSENT, parameters)
        await session.execute(_CANCEL, {**parameters, "detail": detail})
        await session.execute(_EXPIRE, parameters)


async def withdraw_reminders(session: WriteSession, withdrawals: Sequence[Withdrawal]) -> None:
    """Let reminders that were not sent yet be void when they are due."""
    if withdrawals:
        subjects, moments, holders = map(list, zip(*withdrawals, strict=True))
        parameters = {"subjects": subjects, "moments": moments, "holders": holders, "closing": list(CLOSING)}
        # Of most tasks that are given or changed nobody was reminded.
        if ids := (await session.scalars(_LOCK_WITHDRAWN, parameters)).all():
            await session.execute(_WITHDRAW, {"ids": ids})


async def next_request(session: WriteSession) -> int:
    """A number for a request, higher than all before: the place of its mail among those of its subject."""
    number: int = (await session.execute(_NEXT_REQUEST)).scalar_one()
    return number


async def lock(session: WriteSession, notification_id: UUID) -> Notification | None:
    """One mail, which nobody else changes until the transaction ends."""
    query = select(Notification).where(Notification.id == notification_id).with_for_update()
    return (await session.scalars(query)).one_or_none()


async def resend(
    session: WriteSession, mail: Notification, *, message_id: str, by: UUID, now: datetime
) -> None:
    """Queue a mail once more. With another Message-ID it is a new one to the server: nothing is in doubt."""
    mail.in_doubt = mail.in_doubt and message_id == mail.message_id
    mail.message_id = message_id
    mail.state, mail.reason, mail.detail = State.QUEUED, None, None
    mail.resends += 1
    mail.resent_by, mail.resent_at = by, now
    await hasten(session, mail, now=now)


async def hasten(session: WriteSession, mail: Notification, *, now: datetime) -> None:
    """Let a mail that waits be due now."""
    mail.next_attempt_at = now
    await session.flush()
    await session.execute(_NOTIFY, {"channel": CHANNEL})


async def get(session: ReadSession, notification_id: UUID) -> Notification | None:
    return await session.get(Notification, notification_id)


async def attempts_of(session: ReadSession, notification_id: UUID) -> Sequence[Attempt]:
    """The attempts of one mail, the first one first."""
    query = select(Attempt).where(Attempt.notification_id == notification_id).order_by(Attempt.number)
    return (await session.scalars(query)).all()
