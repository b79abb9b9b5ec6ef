"""When a task is looked at for reminders, and of what its assignee is reminded then: pure rules.

Of a deadline people hear from 24 hours and from one hour before it, and afterwards each day at 09:00 of their
own time zone. Whenever the look comes, only what is true then is said: after an outage of any length nobody
hears of an hour that has passed, or of each day that was missed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from task_meeting.events import ReminderKind

DAY, _HOUR = timedelta(hours=24), timedelta(hours=1)
_NINE = time(9)


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder that is due: `occasion` is the moment that it was meant for, all are aware.

    From `expires_at` on it tells nothing new.
    """

    kind: ReminderKind
    occasion: datetime
    expires_at: datetime


def first_look(deadline: datetime, now: datetime) -> datetime:
    """When a task is looked at that has got its assignee or its deadline now, or was reopened."""
    return max(deadline - DAY, now)


def next_look(deadline: datetime, zone: tzinfo, now: datetime) -> datetime:
    """When a task that was looked at now is looked at again: later than now, always."""
    upcoming = (deadline - DAY, deadline - _HOUR)
    return next((moment for moment in upcoming if moment > now), None) or _next_nine(max(deadline, now), zone)


def due(deadline: datetime, zone: tzinfo, now: datetime, planned: datetime) -> Due | None:
    """What the assignee is reminded of now, if of anything.

    `zone` is theirs. The look was `planned` for then: a morning before it is nobody's business any more, as
    the task was not overdue, or somebody else's.
    """
    if now < deadline - DAY:
        return None
    if now < deadline - _HOUR:
        return Due("task_day_before", deadline - DAY, deadline - _HOUR)
    if now < deadline:
        return Due("task_hour_before", deadline - _HOUR, deadline)
    nine = _last_nine(now, zone)
    if nine <= deadline or nine < planned:
        return None
    return Due("task_overdue", nine, _next_nine(nine, zone))


@lru_cache(maxsize=1000)
def zone_of(name: str | None) -> tzinfo:
    """A person's time zone; UTC, when it is unknown."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):  # what zoneinfo raises for names that are none
        return UTC


def _next_nine(moment: datetime, zone: tzinfo) -> datetime:
    return next(nine for nine in _nines(moment, zone) if nine > moment)


def _last_nine(moment: datetime, zone: tzinfo) -> datetime:
    return max(nine for nine in _nines(moment, zone) if nine <= moment)


def _nines(moment: datetime, zone: tzinfo) -> Iterator[datetime]:
    """09:00 of the days around a moment, in order, in UTC; a zone that leaves out a day has one twice."""
    today = moment.astimezone(zone).date()
    days = (today + timedelta(days=number) for number in range(-2, 3))
    return (datetime.combine(day, _NINE, zone).astimezone(UTC) for day in days)
