"""What schedules are taken: those that can be kept, at a cost that is bounded, whatever was sent."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from task_meeting.service.meetings.recurrence import Rule
from task_meeting.service.meetings.times import (
    LAST,
    Exceptional,
    Schedule,
    is_bounded,
    last_day,
    last_regular,
    moved,
    rule_of,
)

LONGEST = timedelta(days=14)
MAX_EXCEPTIONS = 200
_DAY = timedelta(days=1)
# Meetings begin from the one on, and before the other.
FIRST, LAST_START = date(2000, 1, 1), date(2100, 1, 1)


class ScheduleError(ValueError):
    """What cannot be kept: `field` is `start`, `end`, `time_zone`, `recurrence` or `exceptions`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def check(schedule: Schedule) -> None:
    """Refuse what cannot be kept; in milliseconds, whatever was sent.

    Raises:
        ScheduleError: with the field and what is wrong with it.
    """
    _check_zone(schedule.time_zone)
    _check_time("start", schedule.start, all_day=schedule.all_day, before=LAST_START)
    _check_duration("end", schedule.duration, all_day=schedule.all_day)
    _check_rule(schedule)
    _check_exceptions(schedule)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ScheduleError("time_zone", "Not a time zone of the IANA database") from error


def _check_time(field: str, local: datetime, *, all_day: bool, before: date) -> None:
    if not FIRST <= local.date() < before:
        raise ScheduleError(field, f"Not between the years {FIRST.year} and {before.year - 1}")
    if local.microsecond:
        raise ScheduleError(field, "Times are in whole seconds")
    if all_day and local.time() != time():
        raise ScheduleError(field, "A meeting of whole days begins at midnight")


def _check_duration(field: str, duration: timedelta, *, all_day: bool) -> None:
    if not timedelta() < duration <= LONGEST:
        raise ScheduleError(field, f"A meeting ends after it begins, and within {LONGEST.days} days")
    if all_day and duration % _DAY:
        raise ScheduleError(field, "A meeting of whole days lasts whole days")
    if duration.microseconds:
        raise ScheduleError(field, "Times are in whole seconds")


def _check_rule(schedule: Schedule) -> None:
    try:
        rule = rule_of(schedule)
    except ValueError as error:
        raise ScheduleError("recurrence", str(error)) from error
    if not rule:
        return
    if rule.until and not FIRST.year <= rule.until.year <= LAST.year:
        raise ScheduleError("recurrence", f"UNTIL is not between the years {FIRST.year} and {LAST.year}")
    if rule.start not in rule:
        raise ScheduleError("recurrence", "The rule does not fall on the day on which the meeting begins")
    if last_day(schedule, rule) < rule.start:
        raise ScheduleError("recurrence", "UNTIL is before the meeting begins")
    if rule.count and len(rule.counted) < rule.count:
        raise ScheduleError("recurrence", "COUNT is not reached within 50 years")


def _check_exceptions(schedule: Schedule) -> None:
    exceptions = schedule.exceptions
    rule = rule_of(schedule)
    if not exceptions:
        return
    if not rule:
        raise ScheduleError("exceptions", "Only a series has exceptions")
    if len(exceptions) > MAX_EXCEPTIONS:
        raise ScheduleError("exceptions", f"A series has at most {MAX_EXCEPTIONS} exceptions")
    if len({exception.original_start for exception in exceptions}) < len(exceptions):
        raise ScheduleError("exceptions", "An occurrence has two exceptions")
    last = last_day(schedule, rule)
    for exception in exceptions:
        _check_exception(schedule, rule, last, exception)
    if is_bounded(rule) and not moved(schedule) and not last_regular(schedule):
        raise ScheduleError("exceptions", "Nothing is left of the series; cancel the meeting")


def _check_exception(schedule: Schedule, rule: Rule, last: date, exception: Exceptional) -> None:
    original = exception.original_start
    if original.time() != schedule.start.time() or original.date() > last or original.date() not in rule:
        raise ScheduleError("exceptions", f"{original.isoformat()} is no occurrence of the series")
    if exception.start:
        _check_time("exceptions", exception.start, all_day=schedule.all_day, before=LAST)
    if exception.duration is not None:
        _check_duration("exceptions", exception.duration, all_day=schedule.all_day)
