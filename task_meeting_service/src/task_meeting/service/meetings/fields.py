"""From what is asked for to a schedule: the rules that a value alone does not show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from service_kit.http import InvalidValueError
from task_meeting.schemas.meetings import ExceptionInput, Times
from task_meeting.service.meetings.checking import ScheduleError, check
from task_meeting.service.meetings.times import Exceptional, Schedule, canonical, moment, to_json

_TIMES = {"start", "end", "time_zone", "recurrence", "exceptions"}


@dataclass(frozen=True, slots=True)
class _Clock:
    """How the times of one meeting are read: as dates if it is all-day, else as times of its zone."""

    all_day: bool
    time_zone: str

    def local(self, value: date | datetime, *place: str | int) -> datetime:
        """Local time. Raises `InvalidValueError`."""
        if _is_day(value) != self.all_day:
            raise InvalidValueError(place, "The times of a meeting are all dates, or none is")
        if not isinstance(value, datetime):
            return datetime.combine(value, time())
        if value.tzinfo is None:
            return value
        local = value.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None)
        if local.fold:
            raise InvalidValueError(place, "This local time comes twice, and meetings begin at the first")
        return local

    def duration(self, start: datetime, end: date | datetime, *place: str | int) -> timedelta:
        """How long it takes from a local time. Raises `InvalidValueError`."""
        if isinstance(end, datetime) and not self.all_day:
            aware = end if end.tzinfo else moment(end, self.time_zone)
            return aware - moment(start, self.time_zone)
        return self.local(end, *place) - start

    def exceptional(self, asked: ExceptionInput, *place: str | int) -> Exceptional:
        """What differs at one time of a series. Raises `InvalidValueError`."""
        original_start = self.local(asked.original_start, *place, "original_start")
        if asked.start is None:
            if asked.end is not None:
                raise InvalidValueError((*place, "end"), "What does not take place has no end")
            return Exceptional(original_start, None)
        start = self.local(asked.start, *place, "start")
        if asked.end is None:
            return Exceptional(original_start, start)
        return Exceptional(original_start, start, self.duration(start, asked.end, *place, "end"))


def new_schedule(times: Times, time_zone: str) -> Schedule:
    """The schedule that is asked for, in `time_zone` unless it names one. Raises `InvalidValueError`."""
    clock = _Clock(_is_day(times.start), times.time_zone or time_zone)
    exceptions = [clock.exceptional(it, "body", "exceptions", i) for i, it in enumerate(times.exceptions)]
    return _checked(clock, times.start, times.end, times.recurrence, exceptions)


def changed_schedule(present: Schedule, fields: Mapping[str, Any]) -> Schedule:
    """The schedule with those fields that are asked for. Raises `InvalidValueError`."""
    if not fields.keys() & _TIMES:
        return present
    start, end = _local_span(present)
    start, end = fields.get("start", start), fields.get("end", end)
    clock = _Clock(_is_day(start), fields.get("time_zone", present.time_zone))
    exceptions = present.exceptions
    if "exceptions" in fields:
        asked = enumerate(fields["exceptions"])
        exceptions = [clock.exceptional(it, "body", "exceptions", i) for i, it in asked]
    return _checked(clock, start, end, fields.get("recurrence", present.recurrence), exceptions)


def columns(schedule: Schedule) -> dict[str, Any]:
    """A meeting's columns for its schedule."""
    return {
        "start": schedule.start,
        "duration_s": int(schedule.duration.total_seconds()),
        "all_day": schedule.all_day,
        "time_zone": schedule.time_zone,
        "recurrence": schedule.recurrence,
        "exceptions": to_json(schedule.exceptions),
    }


def _local_span(schedule: Schedule) -> tuple[date, date]:
    """Its first start and end as somebody would ask for them."""
    if schedule.all_day:
        return schedule.start.date(), (schedule.start + schedule.duration).date()
    end = moment(schedule.start, schedule.time_zone) + schedule.duration
    return schedule.start, end.astimezone(ZoneInfo(schedule.time_zone)).replace(tzinfo=None)


def _checked(
    clock: _Clock,
    first: date,
    last: date,
    recurrence: str | None,
    exceptions: Sequence[Exceptional],
) -> Schedule:
    start = clock.local(first, "body", "start")
    schedule = Schedule(
        start=start,
        duration=clock.duration(start, last, "body", "end"),
        time_zone=clock.time_zone,
        all_day=clock.all_day,
        recurrence=None if recurrence is None else canonical(recurrence),
        exceptions=exceptions,
    )
    try:
        check(schedule)
    except ScheduleError as error:
        raise InvalidValueError(("body", error.field), error.message) from None
    return schedule


def _is_day(value: date | datetime) -> bool:
    return not isinstance(value, datetime)
