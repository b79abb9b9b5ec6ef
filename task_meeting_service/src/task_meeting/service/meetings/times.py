"""When a meeting takes place: a local time, a zone and a rule, and the moments that follow (RFC 5545)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


class ScheduleError(ValueError):
    """A schedule that cannot be kept; `field` is `start`, `end`, `time_zone`, `recurrence` or `exceptions`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


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
    whole days, of whatever length). `recurrence` is the value of an RRULE without its name.
    """

    start: datetime
    duration: timedelta
    time_zone: str
    all_day: bool = False
    recurrence: str | None = None
    exceptions: Sequence[Exceptional] = ()


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a meeting takes place: its name in local time (RFC 5545, 3.8.4.4), and from when to when (UTC)."""

    original_start: datetime
    starts_at: datetime
    ends_at: datetime


def occurrences(schedule: Schedule, since: datetime, until: datetime) -> list[Occurrence]:
    """Those that overlap [since, until), two aware moments, in the order of `starts_at`."""
    raise NotImplementedError


def check(schedule: Schedule) -> None:
    """Refuse what cannot be kept, in milliseconds whatever was sent.

    Raises:
        ScheduleError: with the field and what is wrong with it.
    """
    raise NotImplementedError


def canonical(recurrence: str) -> str:
    """The rule in the form that is stored: capital letters, as RFC 5545 writes them."""
    return recurrence.strip().upper()


def last_end(schedule: Schedule) -> datetime | None:
    """When the last occurrence ends (UTC); None for a series without end."""
    raise NotImplementedError


def to_json(exceptions: Iterable[Exceptional]) -> list[dict[str, Any]]:
    """For the column `meeting.exceptions`."""
    raise NotImplementedError


def from_json(stored: Iterable[dict[str, Any]]) -> list[Exceptional]:
    """What `to_json` made."""
    raise NotImplementedError
