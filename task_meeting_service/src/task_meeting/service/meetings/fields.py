"""From what is asked for to a schedule: the rules that a value alone does not show."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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

    def local(self, value: date | datetime, *place: str | int, names: Iterable[datetime] = ()) -> datetime:
        """Local time. Raises `InvalidValueError`.

        Of a moment, that of `names` which begins then, if any: one that the clocks leave out is shown as the
        moment that it is read as, and must be known again by it.
        """
        if _is_day(value) != self.all_day:
            raise InvalidValueError(place, "The times of a meeting are all dates, or none is")
        if not isinstance(value, datetime):
            return datetime.combine(value, time())
        if value.tzinfo is None:
            return value
        for name in names:
            if moment(name, self.time_zone) == value:
                return name
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

    def exceptional(self, asked: ExceptionInput, first: datetime, *place: str | int) -> Exceptional:
        """What differs at one time of a series that begins at `first`. Raises `InvalidValueError`."""
        names = self._around(asked.original_start, first.time())
        original_start = self.local(asked.original_start, *place, "original_start", names=names)
        if asked.start is None:
            if asked.end is not None:
                raise InvalidValueError((*place, "end"), "What does not take place has no end")
            return Exceptional(original_start, None)
        start = self.local(asked.start, *place, "start")
        if asked.end is None:
            return Exceptional(original_start, start)
        return Exceptional(original_start, start, self.duration(start, asked.end, *place, "end"))

    def _around(self, value: date | datetime, at: time) -> Iterator[datetime]:
        """The local times that a series which recurs `at` a time of day may call a moment."""
        if isinstance(value, datetime) and value.tzinfo is not None:
            day = value.astimezone(ZoneInfo(self.time_zone)).date()
            yield from (datetime.combine(it, at) for it in (day, day - timedelta(days=1)))


def new_schedule(times: Times, time_zone: str) -> Schedule:
    """The schedule that is asked for, in `time_zone` unless it names one. Raises `InvalidValueError`."""
    clock = _Clock(_is_day(times.start), times.time_zone or time_zone)
    start = clock.local(times.start, "body", "start")
    return _checked(clock, start, times.end, times.recurrence, _exceptions(clock, times.exceptions, start))


def changed_schedule(present: Schedule, fields: Mapping[str, Any]) -> Schedule:
    """The schedule with those fields that are asked for. Raises `InvalidValueError`."""
    if not fields.keys() & _TIMES:
        return present
    first, last = _local_span(present)
    first, last = fields.get("start", first), fields.get("end", last)
    clock = _Clock(_is_day(first), fields.get("time_zone", present.time_zone))
    start = clock.local(first, "body", "start", names=() if present.all_day else (present.start,))
    exceptions = present.exceptions
    if "exceptions" in fields:
        exceptions = _exceptions(clock, fields["exceptions"], start)
    return _checked(clock, start, last, fields.get("recurrence", present.recurrence), exceptions)


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


def _exceptions(clock: _Clock, asked: Sequence[ExceptionInput], first: datetime) -> list[Exceptional]:
    return [clock.exceptional(it, first, "body", "exceptions", i) for i, it in enumerate(asked)]


def _checked(
    clock: _Clock,
    start: datetime,
    last: date,
    recurrence: str | None,
    exceptions: Sequence[Exceptional],
) -> Schedule:
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
