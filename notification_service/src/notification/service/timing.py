"""When a person's windows end, by the clock on their wall; whatever is done to it, each is met once."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


def next_hourly(now: datetime, zone: ZoneInfo) -> datetime:
    """The next moment (UTC, after the aware `now`) at which the clock of the zone shows a full hour.

    An hour that is shown twice counts twice, one that is skipped not at all: then the next one serves.
    """
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    # Every minute, as clocks have been moved at 00:01 and by half an hour.
    minutes = (minute + after * _MINUTE for after in count(1))
    return next(one for one in minutes if one.astimezone(zone).minute == 0)


def next_daily(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The next moment (UTC, after the aware `now`) at which the clock of the zone reaches `at`: once a day.

    A time that is skipped counts where the gap ends, and of a doubled one the first. A day that is missing
    from the calendar of the zone has no window.
    """
    today = now.astimezone(zone).date()
    days = (today + after * _DAY for after in count())
    return next(end for day in days if (end := _reached(day, at, zone)) > now and _exists(day, zone))


def quiet_end(now: datetime, quiet_from: time, quiet_until: time, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours that last at the aware `now` are over (UTC); None when it is not quiet.

    They may span midnight; equal times are never quiet.
    """
    today, end = now.astimezone(zone).date(), None
    nights = _DAY if quiet_until < quiet_from else timedelta()
    # Yesterday's may last; and clocks that are put back at midnight show a day before it begins for good.
    for day in (today - _DAY, today, today + _DAY):
        begins, ends = _reached(day, quiet_from, zone), _reached(day + nights, quiet_until, zone)
        if begins <= (end or now) < ends:
            end = ends
    return end


def _reached(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) at which the clock shows this or, when it is skipped, something later."""
    local = datetime.combine(day, at)
    # Of a skipped time the offset before the gap makes the later of two moments (PEP 495).
    one, other = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if one <= other:
        return one
    seconds = range(int((one - other).total_seconds()))
    return other + timedelta(
        seconds=bisect_left(seconds, local, key=lambda after: _shown(other, after, zone))
    )


def _shown(moment: datetime, seconds: int, zone: ZoneInfo) -> datetime:
    return (moment + timedelta(seconds=seconds)).astimezone(zone).replace(tzinfo=None)


def _exists(day: date, zone: ZoneInfo) -> bool:
    return _reached(day, time.min, zone) < _reached(day + _DAY, time.min, zone)
