"""When a meeting takes place: a local time, a zone and a rule, and the moments that follow (RFC 5545).

What recurs is the time on the wall. A local time that a zone leaves out is read with the offset before the
gap, and of one that comes twice the first counts (3.3.5).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from task_meeting.service.meetings import rules
from task_meeting.service.meetings.recurrence import Rule

# No series goes beyond it.
LAST = date(2199, 12, 31)
_DAY = timedelta(days=1)
# Beyond every local time that a meeting may have.
_PAST, _FUTURE = datetime(1999, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Exceptional:
    """One occurrence of a series that is moved, made longer or shorter, or does not take place.

    `original_start` is where the rule puts it and `start` where it is now, both naive local time in the
    series' zone; `start` None: it does not take place. `duration` None: as long as the others.
    """

    original_start: datetime
    start: datetime | None
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a meeting is, as people mean it.

    `start` is naive local time in `time_zone` (IANA; midnight if `all_day`). `duration` is exact (all-day:
    days, however long they are; 3.8.5.3). `recurrence` is the value of an RRULE without its name.
    """

    start: datetime
    duration: timedelta
    time_zone: str
    all_day: bool = False
    recurrence: str | None = None
    exceptions: Sequence[Exceptional] = ()


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a meeting takes place: its name (local time; 3.8.4.4), from when to when (UTC)."""

    original_start: datetime
    starts_at: datetime
    ends_at: datetime


def occurrences(schedule: Schedule, since: datetime, until: datetime) -> list[Occurrence]:
    """Those that overlap [since, until), two aware moments, in the order of `starts_at`.

    The schedule has passed `check`. The work grows with the window (a year of a daily series: 1 ms), not
    with the age of the series.
    """
    since, until = max(since, _PAST), min(until, _FUTURE)
    # Local dates are less than two days from UTC's.
    window = (since - schedule.duration).date() - 2 * _DAY, until.date() + 2 * _DAY
    changed = {exception.original_start for exception in schedule.exceptions}
    regular = (start for start in _originals(schedule, *window) if start not in changed)
    found = [_occurrence(schedule, start) for start in regular] + moved(schedule)
    return sorted(
        (one for one in found if one.starts_at < until and one.ends_at > since),
        key=lambda one: (one.starts_at, one.original_start),
    )


def last_end(schedule: Schedule) -> datetime | None:
    """When the last occurrence ends (UTC); None for a series without end. The schedule has passed `check`."""
    if (rule := rule_of(schedule)) and not is_bounded(rule):
        return None
    last = last_regular(schedule)
    ends = [one.ends_at for one in moved(schedule)]
    return max(ends + ([_occurrence(schedule, last).ends_at] if last else []))


def rrule(schedule: Schedule) -> str | None:
    """The rule as calendars want it: UNTIL is a date for whole days and else in UTC (3.3.10)."""
    rule = rule_of(schedule)
    if not rule or not schedule.recurrence or not rule.until:
        return schedule.recurrence
    last = _beginning(schedule, last_day(schedule, rule))
    until = f"{last:%Y%m%d}" if schedule.all_day else f"{moment(last, schedule.time_zone):%Y%m%dT%H%M%SZ}"
    return re.sub("UNTIL=[^;]*", f"UNTIL={until}", schedule.recurrence)


def moment(local: datetime, time_zone: str) -> datetime:
    """The moment (UTC) of a local time; the first of two, and in a gap by the offset before it.

    That is RFC 5545's rule (3.3.5), and Python's for `fold=0`.
    """
    return local.replace(tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def canonical(recurrence: str) -> str:
    """A rule in capital letters, as it is checked and kept; the rest stays as it was sent."""
    return recurrence.strip().upper()


def to_json(exceptions: Iterable[Exceptional]) -> list[dict[str, Any]]:
    """For the column `meeting.exceptions`: local times in ISO 8601, durations in seconds."""
    return [
        {
            "original_start": exception.original_start.isoformat(),
            "start": exception.start.isoformat() if exception.start else None,
            "duration_s": round(exception.duration.total_seconds()) if exception.duration else None,
        }
        for exception in exceptions
    ]


def from_json(stored: Iterable[dict[str, Any]]) -> list[Exceptional]:
    """What `to_json` made."""
    return [
        Exceptional(
            datetime.fromisoformat(one["original_start"]),
            datetime.fromisoformat(one["start"]) if one["start"] else None,
            timedelta(seconds=one["duration_s"]) if one["duration_s"] else None,
        )
        for one in stored
    ]


def rule_of(schedule: Schedule) -> Rule | None:
    """Its rule. Raises `ValueError` if that is none."""
    return None if schedule.recurrence is None else rules.parse(schedule.recurrence, schedule.start.date())


def is_bounded(rule: Rule) -> bool:
    """Whether a series ends."""
    return rule.count is not None or rule.until is not None


def _originals(schedule: Schedule, first: date, last: date) -> Iterator[datetime]:
    """Where the rule puts occurrences, on these days."""
    rule = rule_of(schedule)
    if not rule:
        return iter((schedule.start,))
    days = rule.between(first, min(last, last_day(schedule, rule)))
    return (_beginning(schedule, day) for day in days)


def last_day(schedule: Schedule, rule: Rule) -> date:
    """The last day that an occurrence may begin on."""
    if rule.count:
        return rule.counted[-1]
    if isinstance(rule.until, datetime):
        return _last_day_until(schedule, rule.until)
    return rule.until or LAST


def _last_day_until(schedule: Schedule, until: datetime) -> date:
    """Of an inclusive end, in local time or UTC (3.3.10)."""
    end = until if until.tzinfo else moment(until, schedule.time_zone)
    day = end.astimezone(ZoneInfo(schedule.time_zone)).date()
    # Two days back: a day that a zone leaves out begins with the next.
    around = (day + _DAY, day, day - _DAY, day - 2 * _DAY)
    return next(day for day in around if moment(_beginning(schedule, day), schedule.time_zone) <= end)


def last_regular(schedule: Schedule) -> datetime | None:
    """The last original start that has no exception."""
    rule = rule_of(schedule)
    if not rule:
        return schedule.start
    changed = {exception.original_start for exception in schedule.exceptions}
    starts = (_beginning(schedule, day) for day in rule.before(last_day(schedule, rule)))
    return next((start for start in starts if start not in changed), None)


def _beginning(schedule: Schedule, day: date) -> datetime:
    return datetime.combine(day, schedule.start.time())


def moved(schedule: Schedule) -> list[Occurrence]:
    """Those that take place elsewhere, or for another time, than the rule says."""
    return [
        _occurrence(schedule, one.original_start, one.start, one.duration)
        for one in schedule.exceptions
        if one.start
    ]


def _occurrence(
    schedule: Schedule, original: datetime, start: datetime | None = None, duration: timedelta | None = None
) -> Occurrence:
    start, duration = start or original, duration or schedule.duration
    starts_at = moment(start, schedule.time_zone)
    ends_at = moment(start + duration, schedule.time_zone) if schedule.all_day else starts_at + duration
    return Occurrence(original, starts_at, ends_at)
