"""On which days a rule of recurrence falls (RFC 5545, 3.3.10), for those that recur by days or longer.

Each part of such a rule is a question to a day ("is it a Monday?", "is it the last of its month?"); the
rule's days are those of its periods that answer all of them with yes. Nothing is searched beyond the days
that are asked about, so a rule that never comes true costs no more than another. (python-dateutil looks for
it until the year 9999, for seconds, and ignores UNTIL meanwhile.)
"""

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, reduce
from itertools import islice

# How far COUNT is followed: a rule that hardly ever comes true would otherwise take long.
COUNTED = timedelta(days=50 * 365.25)

Test = Callable[[date], bool]


@dataclass(frozen=True)
class Rule:
    """A rule as it applies to a series that begins on `start`.

    `until` is as written: a day, a local time or a moment. `days` are weekdays (0 is Monday), each with
    which of its month or year it is, or 0 for all. `numbers` are the other BY parts, with what the start
    adds to them.
    """

    start: date
    freq: str
    interval: int
    count: int | None
    until: date | datetime | None
    days: frozenset[tuple[int, int]]
    numbers: Mapping[str, frozenset[int]]
    week_start: int

    def between(self, first: date, last: date) -> Iterator[date]:
        """Its days from `first` to `last`, both included, as if it had neither COUNT nor UNTIL."""
        first = max(first, self.start)
        for index in range(self._index(first), self._index(last) + 1):
            yield from (day for day in self._days(index) if first <= day <= last)

    def before(self, last: date) -> Iterator[date]:
        """Its days from `last` back to the start."""
        for index in range(self._index(last), -1, -1):
            yield from (day for day in reversed(self._days(index)) if self.start <= day <= last)

    @cached_property
    def counted(self) -> list[date]:
        """As many of its first days as COUNT says, or fewer: those of 50 years."""
        return list(islice(self.between(self.start, self.start + COUNTED), self.count))

    def __contains__(self, day: date) -> bool:
        return day in self.between(day, day)

    def _days(self, index: int) -> list[date]:
        days = list(reduce(lambda left, test: filter(test, left), self._tests, self._period(index)))
        if positions := self.numbers.get("BYSETPOS"):
            chosen = {place - 1 if place > 0 else len(days) + place for place in positions}
            return [day for place, day in enumerate(days) if place in chosen]
        return days

    @cached_property
    def _first(self) -> date:
        """When the period begins that the start is in."""
        match self.freq:
            case "WEEKLY":
                return self.start - timedelta(days=(self.start.weekday() - self.week_start) % 7)
            case "MONTHLY":
                return self.start.replace(day=1)
            case "YEARLY":
                return self.start.replace(month=1, day=1)
        return self.start

    def _index(self, day: date) -> int:
        """How many intervals after the first period the one is that `day` is in, or the last one before."""
        match self.freq:
            case "YEARLY":
                periods = day.year - self._first.year
            case "MONTHLY":
                periods = _months(day) - _months(self._first)
            case _:
                periods = (day - self._first).days // (7 if self.freq == "WEEKLY" else 1)
        return periods // self.interval

    def _period(self, index: int) -> Iterable[date]:
        steps = index * self.interval
        match self.freq:
            case "YEARLY":
                year = self._first.year + steps
                return _span(date(year, 1, 1), date(year + 1, 1, 1))
            case "MONTHLY":
                months = _months(self._first) + steps
                return _span(_month(months), _month(months + 1))
            case "WEEKLY":
                first = self._first + timedelta(weeks=steps)
                return _span(first, first + timedelta(weeks=1))
        return (self._first + timedelta(days=steps),)

    @cached_property
    def _tests(self) -> list[Test]:
        numbers = self.numbers
        tests: list[Test] = []
        if months := numbers.get("BYMONTH"):
            tests.append(lambda day: day.month in months)
        if monthdays := numbers.get("BYMONTHDAY"):
            tests.append(lambda day: _either(day.day, monthrange(day.year, day.month)[1], monthdays))
        if yeardays := numbers.get("BYYEARDAY"):
            tests.append(lambda day: _either(*_place_in_year(day), yeardays))
        if weeks := numbers.get("BYWEEKNO"):
            tests.append(lambda day: _either(*_week(day, self.week_start), weeks))
        if self.days:
            tests.append(self._is_wanted_weekday)
        return tests

    def _is_wanted_weekday(self, day: date) -> bool:
        weekday = day.weekday()
        if (0, weekday) in self.days:
            return True
        if self.freq == "YEARLY" and "BYMONTH" not in self.numbers:
            place, length = _place_in_year(day)
        else:
            place, length = day.day, monthrange(day.year, day.month)[1]
        nth, nth_last = (place + 6) // 7, -((length - place) // 7 + 1)
        return (nth, weekday) in self.days or (nth_last, weekday) in self.days


def _either(place: int, length: int, wanted: frozenset[int]) -> bool:
    """Whether the place is wanted, counted from the beginning (1) or from the end (-1)."""
    return place in wanted or place - length - 1 in wanted


def _place_in_year(day: date) -> tuple[int, int]:
    first = date(day.year, 1, 1).toordinal()
    return day.toordinal() - first + 1, date(day.year, 12, 31).toordinal() - first + 1


def _week(day: date, week_start: int) -> tuple[int, int]:
    """The number of its week, and how many that year has: a week is in the year that most of it is in."""
    middle = day - timedelta(days=(day.weekday() - week_start) % 7) + timedelta(days=3)
    place, length = _place_in_year(middle)
    return (place + 6) // 7, (place + 6) // 7 + (length - place) // 7


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1


def _month(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)


def _span(first: date, end: date) -> Iterable[date]:
    return map(date.fromordinal, range(first.toordinal(), end.toordinal()))
