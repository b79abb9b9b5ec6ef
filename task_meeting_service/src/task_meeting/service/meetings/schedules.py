"""A meeting's schedule, and its times as they are written."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from task_meeting.models import Meeting
from task_meeting.service.meetings.times import Exceptional, Schedule, from_json, moment

SCHEDULED = ("start", "duration_s", "all_day", "time_zone", "recurrence", "exceptions")


def schedule_of(meeting: Meeting) -> Schedule:
    """When the meeting takes place."""
    return Schedule(
        start=meeting.start,
        duration=timedelta(seconds=meeting.duration_s),
        time_zone=meeting.time_zone,
        all_day=meeting.all_day,
        recurrence=meeting.recurrence,
        exceptions=from_json(meeting.exceptions),
    )


def written(schedule: Schedule) -> dict[str, Any]:
    """The schedule as HTTP and events carry it, in JSON."""
    start, end = span(schedule, schedule.start, schedule.duration)
    return {
        "start": start,
        "end": end,
        "all_day": schedule.all_day,
        "time_zone": schedule.time_zone,
        "recurrence": schedule.recurrence,
        "exceptions": [_exceptional(schedule, it) for it in schedule.exceptions],
    }


def span(schedule: Schedule, start: datetime, duration: timedelta) -> tuple[str, str]:
    """From when to when something takes place that begins at a local time of the schedule."""
    if schedule.all_day:
        return start.date().isoformat(), (start + duration).date().isoformat()
    begin = moment(start, schedule.time_zone)
    return written_moment(schedule, begin), written_moment(schedule, begin + duration)


def written_moment(schedule: Schedule, at: datetime) -> str:
    """A moment with the offset of the schedule's zone; of an all-day meeting, the date there."""
    there = at.astimezone(ZoneInfo(schedule.time_zone))
    return there.date().isoformat() if schedule.all_day else there.isoformat(timespec="seconds")


def _exceptional(schedule: Schedule, it: Exceptional) -> dict[str, str | None]:
    original_start, _ = span(schedule, it.original_start, schedule.duration)
    start = end = None
    if it.start is not None:
        start, end = span(schedule, it.start, it.duration or schedule.duration)
    return {
        "original_start": original_start,
        "start": start,
        "end": end if it.duration is not None else None,
    }
