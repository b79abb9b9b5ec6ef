"""How much mail waits: small counts, as only what is not at its end yet has a partial index."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from service_kit.db import ReadSession

_COUNT = text("""
    SELECT
        (SELECT count(*) FROM notification WHERE state = 'sending') AS sending,
        q.queued, q.oldest_queued
    FROM (
        SELECT count(*) AS queued, min(created_at) AS oldest_queued
        FROM notification WHERE state = 'queued') AS q
""")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Mails that have not met their end; `oldest_queued` is when the oldest one was queued."""

    queued: int
    sending: int
    oldest_queued: datetime | None


async def count_waiting(session: ReadSession) -> Waiting:
    """Count the mails that are queued or being sent."""
    return Waiting(**(await session.execute(_COUNT)).mappings().one())
