"""Which mails are due, and all that is known by now of their people and subjects, to decide about each."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, TextClause, text

from notification.kinds import CLOSING, OPENING, Kind, traits
from service_kit.db import ReadSession, WriteSession

# Of the sessions that take mails, by the same statements again and again. PostgreSQL keeps a plan that it
# made while the tables were empty until they are analyzed: it must not be one that reads them whole.
SERVER_SETTINGS = {"enable_seqscan": "off"}

# The state of the digest that brings a mail `e`; null where none does. What has been told stays told, also
# when its digest goes again.
_ITS_DIGEST = """(SELECT CASE WHEN d.accepted_at IS NULL THEN d.state ELSE 'accepted' END
        FROM notification d WHERE d.id = e.digest_id AND e.reason = 'digest')"""
# Older mails of the same source to the same person about the same subject.
_EARLIER = """e.subject = n.subject AND e.user_oid = n.user_oid AND e.source = n.source
          AND (e.epoch, e.lsn) < (n.epoch, n.lsn)"""
# What only a newer release has words for stays where it is, for its senders.
_KNOWN = ", ".join(f"'{kind}'" for kind in Kind)
# A person hears of one subject in the order in which a source told of it: a later mail waits for the earlier.
UNBLOCKED = f"""
    n.state IN ('queued', 'retrying') AND n.kind IN ({_KNOWN}) AND NOT EXISTS (
        SELECT FROM notification e
        WHERE {_EARLIER}
          AND (e.state IN ('queued', 'retrying', 'sending') OR {_ITS_DIGEST} IN ('retrying', 'sending')))
"""
_TAKEN = f"""
    SELECT n.* FROM notification n
    WHERE {UNBLOCKED} AND n.next_attempt_at <= :now
    ORDER BY n.next_attempt_at LIMIT {{limit}} FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - put together from constants
_MEMBERS = """
    SELECT n.* FROM notification n
    WHERE n.digest_id = ANY(CAST(:digests AS uuid[])) AND n.state = 'suppressed' AND n.reason = 'digest'
"""
_JUDGED = f"""
    SELECT n.id, n.kind, n.source, n.subject, n.user_oid, n.committed_at, n.expires_at, n.payload,
        n.message_id, n.attempts, n.in_doubt, n.accepted_at, n.resends, n.resent_at, n.import_oid,
        n.digest_id,
        address.recipient,
        coalesce(w.name, p.user_name, n.payload -> 'person' ->> 'name', '') AS name,
        coalesce(c.locale, CASE WHEN w.oid IS NOT NULL THEN w.locale
            WHEN p.id IS NOT NULL THEN p.user_locale ELSE n.locale END) AS locale,
        coalesce(c.time_zone, CASE WHEN w.oid IS NOT NULL THEN w.time_zone
            WHEN p.id IS NOT NULL THEN p.user_time_zone
            ELSE n.payload -> 'person' ->> 'time_zone' END) AS time_zone,
        w.oid IS NOT NULL AND (w.deleted OR NOT w.is_active) AS inactive,
        c.quiet_from, c.quiet_until, c.kinds AS choices,
        (SELECT b.detail FROM bounced_address b
         WHERE b.address = lower(address.recipient) AND b.suppressed_at IS NOT NULL) AS bounced,
        CASE WHEN n.source IN ('meetings', 'reminders', 'tasks') THEN coalesce(
            (SELECT every(own.deleted) FROM assignment own WHERE own.user_oid = n.user_oid), false)
            ELSE false END AS gone,
        a.deleted AS ended, a.user_oid AS holder,
        -- Newer news that voids this. Offsets begin anew with a topic, so of events the time must agree. A
        -- reminder gives way to what any source says of a meeting, or of a task that is not theirs to do.
        n.source IN ('assignments', 'tasks', 'meetings', 'reminders') AND EXISTS (
            SELECT FROM notification l
            WHERE l.subject = n.subject AND l.user_oid = n.user_oid AND l.source = n.source
              AND (l.epoch, l.lsn) > (n.epoch, n.lsn)
              AND CASE n.source WHEN 'assignments' THEN l.kind = 'removed'
                  WHEN 'tasks' THEN n.kind = 'task_assigned' AND l.kind = 'task_unassigned'
                      AND l.committed_at >= n.committed_at
                  ELSE l.committed_at >= n.committed_at END)
        OR n.source = 'reminders' AND EXISTS (
            SELECT FROM notification l
            WHERE l.subject = n.subject AND l.user_oid = n.user_oid AND l.source <> n.source
              AND (l.source = 'meetings' OR l.kind IN ('task_unassigned', 'task_completed'))
              AND l.committed_at > n.committed_at) AS outdated,
        CASE WHEN n.kind = ANY(CAST(:knowing AS text[])) THEN (
            SELECT e.kind FROM notification e
            WHERE {_EARLIER}
              AND (e.state <> 'suppressed' OR e.accepted_at IS NOT NULL
                  OR {_ITS_DIGEST} NOT IN ('queued', 'suppressed'))
              -- Of a task also those hear whom it is not assigned to.
              AND (n.source <> 'tasks' OR e.kind = ANY(CAST(:turning AS text[])))
            ORDER BY e.epoch DESC, e.lsn DESC LIMIT 1) END AS told,
        n.kind = ANY(CAST(:knowing AS text[])) AND EXISTS (
            SELECT FROM notification e
            WHERE {_EARLIER} AND e.kind = ANY(CAST(:opening AS text[]))) AS opened,
        CASE WHEN n.source IN ('assignments', 'tasks') THEN (
            SELECT e.digest_id FROM notification e
            WHERE {_EARLIER} AND {_ITS_DIGEST} = 'queued'
              AND (n.source <> 'tasks' OR n.kind = ANY(CAST(:turning AS text[]))
                  AND e.kind = ANY(CAST(:turning AS text[])))
            ORDER BY e.epoch DESC, e.lsn DESC LIMIT 1) END AS follows,
        CASE WHEN n.kind = ANY(CAST(:grouping AS text[])) THEN EXISTS (
            SELECT FROM notification e
            WHERE e.user_oid = n.user_oid AND e.kind = n.kind AND e.id <> n.id
              AND e.import_oid IS NULL AND e.created_at > CAST(:oldest AS timestamptz)
              AND (e.state IN ('queued', 'retrying') OR {_ITS_DIGEST} = 'queued'
                  OR e.created_at > CAST(:lately AS timestamptz)
                      AND (e.state <> 'suppressed' OR e.reason = 'digest'))) ELSE false END AS crowded
    FROM n
    LEFT JOIN assignment a ON a.id = n.assignment_id
    LEFT JOIN person w ON w.oid = n.user_oid
    LEFT JOIN LATERAL (
        SELECT * FROM assignment WHERE user_oid = n.user_oid AND w.oid IS NULL
        ORDER BY epoch DESC, lsn DESC LIMIT 1) p ON true
    LEFT JOIN preference c ON c.user_oid = n.user_oid
    CROSS JOIN LATERAL (
        SELECT CASE WHEN n.kind = ANY(CAST(:fixed AS text[])) THEN n.recipient
            ELSE coalesce(w.email, p.user_email, n.recipient) END AS recipient) AS address
"""  # noqa: S608
_LOOK_AT = text(f"WITH n AS (SELECT n.* FROM notification n WHERE n.id = :id) {_JUDGED}")  # noqa: S608
_TAKE_MEMBERS = text(f"WITH n AS MATERIALIZED ({_MEMBERS}) {_JUDGED} ORDER BY n.epoch, n.lsn")
_KINDS = {
    "opening": list(OPENING),
    "turning": [*OPENING, *CLOSING],
    "knowing": [*CLOSING, Kind.MEETING_CHANGED],
    "fixed": [kind for kind in Kind if traits(kind).fixed_recipient],
}
_GROUPING = [kind for kind in Kind if traits(kind).groups]


async def take_due(
    session: WriteSession, *, now: datetime, limit: int, oldest: datetime, burst: timedelta
) -> Sequence[RowMapping]:
    """Lock up to `limit` due mails, each with what is known of its person and its subject now.

    Mails of kinds that this release does not know are not among them, nor is what waits behind them.
    `outdated`: newer news voids it. Where a person must know of the subject to be told, `told` is the kind
    of the last older mail that may have reached them, and `opened` whether there was one of the beginning.
    `follows`: the digest that older news of the subject waits in. `crowded`: another mail of the kind to
    the person was written less than `burst` ago, or waits, by itself or for a digest; none that is older
    than `oldest` counts, and none of an import, which is an act of its own.
    """
    parameters = _parameters(now=now, oldest=oldest, burst=burst)
    return (await session.execute(_take(limit), parameters)).mappings().all()


def _parameters(*, now: datetime, oldest: datetime, burst: timedelta) -> dict[str, Any]:
    return {
        **_KINDS,
        "now": now,
        "grouping": _GROUPING if burst else [],
        "oldest": oldest,
        "lately": now - burst,
    }


@cache
def _take(limit: int) -> TextClause:
    """The statement with its limit in it.

    Where PostgreSQL knows that, a plan for any values is as good as one for these, so that it soon keeps it:
    planning takes four times as long as the rest.
    """
    taken = _TAKEN.format(limit=limit)
    return text(f"WITH n AS MATERIALIZED ({taken}) {_JUDGED} ORDER BY n.next_attempt_at, n.epoch, n.lsn")


async def look_at(session: ReadSession, notification_id: UUID, *, now: datetime) -> RowMapping:
    """One mail with the same knowledge, whatever its state; it must exist."""
    parameters = {**_KINDS, "id": notification_id, "grouping": [], "oldest": now, "lately": now}
    return (await session.execute(_LOOK_AT, parameters)).mappings().one()


async def take_members(session: ReadSession, digests: Collection[UUID], *, now: datetime) -> list[RowMapping]:
    """The mails that digests bring, with the same knowledge of each, in the order of their news."""
    parameters = {**_KINDS, "digests": list(digests), "grouping": [], "oldest": now, "lately": now}
    return list((await session.execute(_TAKE_MEMBERS, parameters)).mappings())
