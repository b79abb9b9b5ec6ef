"""When meetings take place: the rows that follow from their schedules."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, text

from service_kit.db import ReadSession, WriteSession
from task_meeting.models import Meeting, MeetingOccurrence

# One that begins when it did is not to be reminded of again; if it still was to be, it still is.
_REWRITE = text("""
    WITH written AS (
        SELECT * FROM unnest(CAST(:names AS timestamp[]), CAST(:starts AS timestamptz[]),
            CAST(:ends AS timestamptz[]), CAST(:reminders AS timestamptz[]))
            AS o (original_start, starts_at, ends_at, remind_at)
    ), gone AS (
        DELETE FROM meeting_occurrence
        WHERE meeting_id = :meeting_id AND original_start NOT IN (SELECT original_start FROM written)
    )
    INSERT INTO meeting_occurrence AS kept (meeting_id, original_start, starts_at, ends_at, remind_at)
    SELECT :meeting_id, * FROM written
    ON CONFLICT (meeting_id, original_start) DO UPDATE SET
        starts_at = excluded.starts_at,
        ends_at = excluded.ends_at,
        remind_at = coalesce(
            excluded.remind_at,
            CASE WHEN kept.starts_at = excluded.starts_at AND :timed THEN kept.remind_at END
        )
""")
_ADD = text("""
    INSERT INTO meeting_occurrence (meeting_id, original_start, starts_at, ends_at, remind_at)
    SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:names AS timestamp[]), CAST(:starts AS timestamptz[]),
        CAST(:ends AS timestamptz[]), CAST(:reminders AS timestamptz[]))
    ON CONFLICT DO NOTHING
""")
_STOP_REMINDING = text(
    "UPDATE meeting_occurrence SET remind_at = NULL WHERE meeting_id = :meeting_id AND remind_at IS NOT NULL"
)


class OccurrenceRow(NamedTuple):
    """One time that a meeting takes place; `original_start` is local, the others are moments."""

    meeting_id: int
    original_start: datetime
    starts_at: datetime
    ends_at: datetime
    remind_at: datetime | None


async def rewrite(
    session: WriteSession, meeting_id: int, rows: Sequence[OccurrenceRow], *, timed: bool
) -> None:
    """Let a meeting take place at these times alone; `timed`: it is not an all-day meeting."""
    await session.execute(_REWRITE, {"meeting_id": meeting_id, "timed": timed, **_arrays(rows)})


async def add(session: WriteSession, rows: Sequence[OccurrenceRow]) -> None:
    """Let meetings take place at these times too."""
    await session.execute(_ADD, {"ids": [row.meeting_id for row in rows], **_arrays(rows)})


async def stop_reminding(session: WriteSession, meeting_id: int) -> None:
    """Let nobody be reminded of a meeting any more."""
    await session.execute(_STOP_REMINDING, {"meeting_id": meeting_id})


async def list_next(session: ReadSession, meeting_id: int, now: datetime, limit: int) -> list[OccurrenceRow]:
    """The next times that a meeting takes place; the first may have begun."""
    statement = (
        select(
            MeetingOccurrence.meeting_id,
            MeetingOccurrence.original_start,
            MeetingOccurrence.starts_at,
            MeetingOccurrence.ends_at,
            MeetingOccurrence.remind_at,
        )
        .where(MeetingOccurrence.meeting_id == meeting_id, MeetingOccurrence.ends_at > now)
        .order_by(MeetingOccurrence.starts_at)
        .limit(limit)
    )
    return [OccurrenceRow(*row) for row in await session.execute(statement)]


async def lock_running_out(session: WriteSession, before: datetime, limit: int) -> list[Meeting]:
    """Series whose occurrences end before a moment; those that somebody else works on are left to them."""
    statement = (
        select(Meeting)
        .where(Meeting.occurrences_until < before)
        .order_by(Meeting.occurrences_until, Meeting.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list((await session.scalars(statement)).all())


def _arrays(rows: Sequence[OccurrenceRow]) -> dict[str, list[Any]]:
    return {
        "names": [row.original_start for row in rows],
        "starts": [row.starts_at for row in rows],
        "ends": [row.ends_at for row in rows],
        "reminders": [row.remind_at for row in rows],
    }
