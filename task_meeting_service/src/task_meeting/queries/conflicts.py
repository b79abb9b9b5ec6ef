"""Who is busy when: other meetings of people at given times."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from service_kit.db import ReadSession

# First what takes place at the times, which the calendar bounds, then which of it is of these people: as fast
# for many people as for one (benchmarks/meetings). An index of beginnings finds what began within two hours;
# the few that take longer have their own. Nothing takes longer than 14 days, or 15 when clocks are changed.
CONFLICTS = text("""
    WITH met AS MATERIALIZED (
        SELECT DISTINCT o.meeting_id, o.starts_at, o.ends_at
        FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) AS span(starts_at, ends_at)
        CROSS JOIN LATERAL (
            SELECT meeting_id, starts_at, ends_at FROM meeting_occurrence
            WHERE starts_at < span.ends_at AND ends_at > span.starts_at
                AND starts_at > span.starts_at - interval '2 hours'
            UNION ALL
            SELECT meeting_id, starts_at, ends_at FROM meeting_occurrence
            WHERE starts_at < span.ends_at AND ends_at > span.starts_at
                AND starts_at <= span.starts_at - interval '2 hours'
                AND starts_at > span.starts_at - interval '15 days'
                AND ends_at - starts_at > interval '2 hours'
        ) AS o
        WHERE o.meeting_id <> :except_id
    ), held AS MATERIALIZED (
        SELECT DISTINCT meeting_id FROM met
    ), asked AS MATERIALIZED (
        SELECT p.meeting_id, p.user_oid FROM held JOIN meeting_person AS p USING (meeting_id)
        WHERE p.user_oid = ANY(CAST(:users AS uuid[]))
        UNION
        SELECT t.meeting_id, a.user_oid FROM held JOIN meeting_team AS t USING (meeting_id)
        JOIN assignment AS a ON a.team_oid = t.team_oid AND NOT a.deleted
        WHERE a.user_oid = ANY(CAST(:users AS uuid[]))
        UNION
        SELECT m.id, m.organizer_oid FROM held JOIN meeting AS m ON m.id = held.meeting_id
        WHERE m.organizer_oid = ANY(CAST(:users AS uuid[]))
    ), busy AS MATERIALIZED (
        SELECT asked.* FROM asked
        JOIN meeting AS m ON m.id = asked.meeting_id AND m.status = 'scheduled'
        LEFT JOIN meeting_response AS r
            ON r.meeting_id = asked.meeting_id AND r.user_oid = asked.user_oid
        WHERE r.status IS DISTINCT FROM 'declined'
    )
    SELECT met.starts_at, met.meeting_id, busy.user_oid, met.ends_at
    FROM met JOIN busy USING (meeting_id)
    ORDER BY met.starts_at, met.meeting_id, busy.user_oid
    LIMIT :limit
""")
# A plan for these values, and no time for compiling it.
_PLAN = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)"
)
# No meeting has it.
_NONE = 0
_DAY = timedelta(days=1)


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
    await session.execute(_PLAN)
    found: dict[ConflictRow, None] = {}
    for portion in _portions(spans):
        parameters = {
            "users": list(user_oids),
            "starts": [span.starts_at for span in portion],
            "ends": [span.ends_at for span in portion],
            "except_id": except_id or _NONE,
            "limit": limit,
        }
        rows = await session.execute(CONFLICTS, parameters)
        # What overlaps an earlier portion too was found there, and nothing new begins before it.
        found |= dict.fromkeys(ConflictRow(*row) for row in rows)
        if len(found) >= limit:
            break
    return list(found)[:limit]


def _portions(spans: Sequence[Span]) -> Iterator[Sequence[Span]]:
    """The spans, by time, in groups of about a day: of days on end, the first hold enough conflicts."""
    portion: list[Span] = []
    length = timedelta()
    for span in spans:
        portion.append(span)
        length += span.ends_at - span.starts_at
        if length >= _DAY:
            yield portion
            portion, length = [], timedelta()
    if portion:
        yield portion
