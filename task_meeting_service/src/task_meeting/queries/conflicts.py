"""Who is busy when: other meetings of people at given times."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from service_kit.db import ReadSession

_CONFLICTS = text("""
    WITH busy AS (
        SELECT meeting_id, user_oid FROM meeting_person WHERE user_oid = ANY(CAST(:users AS uuid[]))
        UNION
        SELECT t.meeting_id, a.user_oid FROM assignment AS a
        JOIN meeting_team AS t ON t.team_oid = a.team_oid
        WHERE a.user_oid = ANY(CAST(:users AS uuid[])) AND NOT a.deleted
        UNION
        SELECT id, organizer_oid FROM meeting WHERE organizer_oid = ANY(CAST(:users AS uuid[]))
    )
    SELECT DISTINCT o.starts_at, o.meeting_id, busy.user_oid, o.ends_at
    FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) AS span(starts_at, ends_at)
    JOIN meeting_occurrence AS o ON o.starts_at < span.ends_at AND o.ends_at > span.starts_at
        AND o.starts_at > span.starts_at - interval '15 days'
    JOIN meeting AS m ON m.id = o.meeting_id AND m.status = 'scheduled' AND m.id <> :except_id
    JOIN busy ON busy.meeting_id = o.meeting_id
    WHERE NOT EXISTS (
        SELECT FROM meeting_response AS r
        WHERE r.meeting_id = busy.meeting_id AND r.user_oid = busy.user_oid AND r.status = 'declined'
    )
    ORDER BY o.starts_at, o.meeting_id, busy.user_oid
    LIMIT :limit
""")
# No meeting has it.
_NONE = 0


class Span(NamedTuple):
    """From when to when, exclusively."""

    starts_at: datetime
    ends_at: datetime


class ConflictRow(NamedTuple):
    """Somebody's other meeting."""

    starts_at: datetime
    meeting_id: int
    user_oid: UUID
    ends_at: datetime


async def find_conflicts(
    session: ReadSession,
    user_oids: Collection[UUID],
    spans: Sequence[Span],
    *,
    except_id: int | None,
    limit: int,
) -> list[ConflictRow]:
    """Scheduled meetings that overlap any of the spans and that somebody of these is asked to, by time.

    Who declined a meeting is not busy with it; `except_id` is the meeting that nobody is busy with.
    """
    parameters = {
        "users": list(user_oids),
        "starts": [span.starts_at for span in spans],
        "ends": [span.ends_at for span in spans],
        "except_id": except_id or _NONE,
        "limit": limit,
    }
    return [ConflictRow(*row) for row in await session.execute(_CONFLICTS, parameters)]
