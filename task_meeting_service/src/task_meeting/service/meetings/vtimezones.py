"""Time zones as calendars carry them (RFC 5545, 3.6.5): from the IANA database, for the years concerned.

icalendar's own `Timezone.from_tzinfo` is not used: where the clock goes forward it writes the local time
after the change instead of before, it steps over changes less than 64 days apart (as in Morocco), and it
lists days where Outlook wants a rule.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
# How long a rule has to hold for it to be told from a coincidence.
_AFTER = 5

Parts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Side:
    """What a zone's clocks show on one side of a change."""

    offset: timedelta
    saving: timedelta
    name: str


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of a zone's offset: local time before it, and what is before and after."""

    onset: datetime
    before: _Side
    after: _Side

    @property
    def is_daylight(self) -> bool:
        """Whether summer time begins. In Ireland's law it is winter time that begins, with less than none."""
        zero = timedelta()
        return self.after.saving > zero or (self.after.saving == zero > self.before.saving)

    @property
    def yearly(self) -> tuple[Any, ...]:
        """What it has in common with that of the next year, if there is a rule."""
        onset = self.onset
        return (self.before, self.after, onset.time(), onset.month, onset.weekday())

    @property
    def places(self) -> set[int]:
        """Which of its month's Mondays (or another weekday) it is on, from the beginning or the end."""
        day = self.onset.day
        last = monthrange(self.onset.year, self.onset.month)[1] - day < 7  # noqa: PLR2004 - a week
        return {(day + 6) // 7} | ({-1} if last else set())


@dataclass(slots=True)
class _Run:
    """Changes of years that follow each other, by one rule."""

    changes: list[_Change]
    places: set[int]

    def takes(self, change: _Change) -> bool:
        """Whether the change goes on with the run, which then has it."""
        last = self.changes[-1]
        common = self.places & change.places
        if not common or change.yearly != last.yearly or change.onset.year != last.onset.year + 1:
            return False
        self.changes.append(change)
        self.places = common
        return True


@lru_cache(maxsize=512)
def vtimezone(name: str, first: int, last: int) -> Timezone:
    """The zone as it is in the years from `first` to `last`, and later as long as its rule stays the same."""
    component = Timezone()
    component.add("TZID", name)
    end = last + _AFTER
    changes = list(_changes(ZoneInfo(name), first - 1, end))
    if not any(change.onset.year < first for change in changes):
        component.add_component(_observance([_beginning(ZoneInfo(name), first - 1)], {}))
    single = defaultdict(list)
    for run in _runs(changes):
        if len(run.changes) > 1:
            component.add_component(_observance(run.changes[:1], _rule(run, end)))
        else:
            single[run.changes[0].before, run.changes[0].after].append(run.changes[0])
    for same in single.values():
        component.add_component(_observance(same, {}))
    return component


def _beginning(zone: ZoneInfo, year: int) -> _Change:
    """What there is before the first change, as a change from itself."""
    first = datetime(year, 1, 1, tzinfo=UTC)
    side = _side(zone, first)
    return _Change(first.replace(tzinfo=None), side, side)


def _changes(zone: ZoneInfo, first: int, last: int) -> Iterator[_Change]:
    """In these years, by looking at each day."""
    at, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    offset = at.astimezone(zone).utcoffset()
    while at < end:
        tomorrow = (at + _DAY).astimezone(zone).utcoffset()
        if tomorrow != offset:
            before, after = _side(zone, at), _side(zone, at + _DAY)
            moment = _moment(zone, at, before.offset)
            yield _Change((moment + before.offset).replace(tzinfo=None), before, after)
        at, offset = at + _DAY, tomorrow


def _moment(zone: ZoneInfo, since: datetime, offset: timedelta) -> datetime:
    """The first second of the day after `since` that does not have the offset."""
    low, high = since, since + _DAY
    while high - low > _SECOND:
        middle = low + (high - low) // _SECOND // 2 * _SECOND
        low, high = (middle, high) if _side(zone, middle).offset == offset else (low, middle)
    return high


def _side(zone: ZoneInfo, at: datetime) -> _Side:
    local = at.astimezone(zone)
    offset, saving, name = local.utcoffset(), local.dst(), local.tzname()
    assert offset is not None and saving is not None and name is not None  # noqa: PT018 - ZoneInfo has them
    return _Side(offset, saving, name)


def _runs(changes: list[_Change]) -> list[_Run]:
    runs: list[_Run] = []
    for change in changes:
        if not any(run.takes(change) for run in runs):
            runs.append(_Run([change], change.places))
    return runs


def _rule(run: _Run, end: int) -> Parts:
    first, last = run.changes[0].onset, run.changes[-1]
    place = -1 if -1 in run.places else min(run.places)
    rule: Parts = {
        "FREQ": "YEARLY",
        "BYMONTH": first.month,
        "BYDAY": f"{place}{_WEEKDAYS[first.weekday()]}",
    }
    if last.onset.year < end:
        rule["UNTIL"] = (last.onset - last.before.offset).replace(tzinfo=UTC)
    return rule


def _observance(changes: list[_Change], rule: Parts) -> TimezoneStandard | TimezoneDaylight:
    """From the first change on; the others are on days of their own."""
    first, *others = changes
    observance = TimezoneDaylight() if first.is_daylight else TimezoneStandard()
    observance.add("DTSTART", first.onset)
    observance.add("TZOFFSETFROM", first.before.offset)
    observance.add("TZOFFSETTO", first.after.offset)
    observance.add("TZNAME", first.after.name)
    if rule:
        observance.add("RRULE", vRecur(rule))
    if others:
        observance.add("RDATE", [change.onset for change in others])
    return observance
