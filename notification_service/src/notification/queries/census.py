"""How much mail waits: small counts, as only what is not at its end yet has a partial index."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from service_kit.db import ReadSession

# What waits for its hour (a digest, the end of quiet hours) is not late.
_COUNT = text("""
    SELECT
        (SELECT count(*) FROM notification WHERE state = 'sending') AS sending,
        q.queued, q.retrying, least(q.oldest_due, q.oldest_tried) AS oldest_due
    FROM (
        SELECT count(*) FILTER (WHERE n.state = 'queued') AS queued,
            count(*) FILTER (WHERE n.state = 'retrying') AS retrying,
            min(n.next_attempt_at)
                FILTER (WHERE n.state = 'queued' AND n.next_attempt_at <= :now) AS oldest_due,
            min((SELECT min(started_at) FROM attempt
                 WHERE notification_id = n.id AND started_at >= coalesce(n.resent_at, '-infinity')))
                FILTER (WHERE n.state = 'retrying') AS oldest_tried
        FROM notification n WHERE n.state IN ('queued', 'retrying')) AS q
""")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Mails that have not met their end; `oldest_due` is since when one of them could have gone."""

    queued: int
    retrying: int
    sending: int
    oldest_due: datetime | None


async def count_waiting(session: ReadSession, *, now: datetime) -> Waiting:
    """Count the mails that wait or are being sent."""
    return Waiting(**(await session.execute(_COUNT, {"now": now})).mappings().one())
