"""What a rule of recurrence says: the value of an RRULE is read strictly (RFC 5545, 3.3.10).

Only what calendars understand alike is taken: no hours and minutes, no calendar but the Gregorian (RFC
7529), and nothing that the RFC leaves so open that libraries differ: numbers of weeks with more than
weekdays, and days of months without the months of a year.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache

from task_meeting.service.meetings.recurrence import Rule

MAX_COUNT = 1000
MAX_INTERVAL = 1000
MAX_LENGTH = 1000

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# How large the numbers of a list may be; all but months may count from the end.
_LISTS = {"BYMONTH": 12, "BYWEEKNO": 53, "BYYEARDAY": 366, "BYMONTHDAY": 31, "BYSETPOS": 366}
_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST", *_LISTS}
_ONLY_FOR = {
    "BYMONTHDAY": {"DAILY", "MONTHLY", "YEARLY"},
    "BYYEARDAY": {"YEARLY"},
    "BYWEEKNO": {"YEARLY"},
    "BYSETPOS": {"WEEKLY", "MONTHLY", "YEARLY"},
}
_WITH_WEEKS = {"FREQ", "COUNT", "UNTIL", "WKST", "BYWEEKNO", "BYDAY"}
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
_BYDAY = re.compile(rf"([+-]?\d{{1,2}})?({'|'.join(_WEEKDAYS)})", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,4}", re.ASCII)

Parts = Mapping[str, str]


@lru_cache(maxsize=1024)
def parse(text: str, start: date) -> Rule:
    """The rule, in capital letters, of a series that begins on `start`.

    Raises:
        ValueError: it is no rule, or has parts that are not taken; with words for who sent it.
    """
    parts = _split(text)
    freq = parts.get("FREQ")
    if freq not in _FREQUENCIES:
        raise ValueError("FREQ must be one of " + ", ".join(_FREQUENCIES))
    days = _weekdays(parts)
    numbers = {name: _numbers(name, parts[name], _LISTS[name]) for name in _LISTS if name in parts}
    _check_together(parts, freq, days)
    _name_days_of(start, freq, numbers, days)
    interval = _positive("INTERVAL", parts.get("INTERVAL", "1"), MAX_INTERVAL)
    return Rule(
        start=start,
        # Every day is every day of every month, and found faster.
        freq="MONTHLY" if freq == "DAILY" and interval == 1 else freq,
        interval=interval,
        count=_positive("COUNT", parts["COUNT"], MAX_COUNT) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        days=frozenset(days),
        numbers={name: frozenset(values) for name, values in numbers.items()},
        week_start=_weekday(parts.get("WKST", "MO")),
    )


def _split(text: str) -> Parts:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"A rule has at most {MAX_LENGTH} characters")
    pairs = [part.partition("=")[::2] for part in text.split(";")]
    for name, value in pairs:
        if name not in _PARTS:
            raise ValueError(f"{name[:20]!r} is no part of a rule that is known here")
        if not value:
            raise ValueError(f"{name} has no value")
    parts = dict(pairs)
    if len(parts) < len(pairs):
        raise ValueError("A part of a rule is given once")
    return parts


def _check_together(parts: Parts, freq: str, days: set[tuple[int, int]]) -> None:
    for name, frequencies in _ONLY_FOR.items():
        if name in parts and freq not in frequencies:
            raise ValueError(f"{name} does not go with FREQ={freq}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL do not go together")
    if any(nth for nth, _ in days) and (freq not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in parts):
        raise ValueError("BYDAY has numbers only with FREQ=MONTHLY or YEARLY, and not with BYWEEKNO")
    if "BYWEEKNO" in parts and not parts.keys() <= _WITH_WEEKS:
        raise ValueError("BYWEEKNO goes with BYDAY alone, every year")
    if freq == "YEARLY" and "BYMONTHDAY" in parts and "BYMONTH" not in parts:
        raise ValueError("BYMONTHDAY needs BYMONTH with FREQ=YEARLY")
    if "BYSETPOS" in parts and not any(name in parts for name in ("BYDAY", *_LISTS) if name != "BYSETPOS"):
        raise ValueError("BYSETPOS chooses among what another BY part names")


def _name_days_of(start: date, freq: str, numbers: dict[str, set[int]], days: set[tuple[int, int]]) -> None:
    """What the rule leaves open comes from the start."""
    if days or "BYMONTHDAY" in numbers or "BYYEARDAY" in numbers:
        return
    if freq == "WEEKLY" or "BYWEEKNO" in numbers:
        days.add((0, start.weekday()))
    elif freq != "DAILY":
        numbers["BYMONTHDAY"] = {start.day}
        if freq == "YEARLY":
            numbers.setdefault("BYMONTH", {start.month})


def _weekdays(parts: Parts) -> set[tuple[int, int]]:
    return {_numbered_weekday(text) for text in parts["BYDAY"].split(",")} if "BYDAY" in parts else set()


def _numbered_weekday(text: str) -> tuple[int, int]:
    match = _BYDAY.fullmatch(text)
    if not match:
        raise ValueError(f"BYDAY is a list such as MO,FR or 1MO,-1FR, not {text[:20]!r}")
    return _number("BYDAY", match[1], 53) if match[1] else 0, _weekday(match[2])


def _weekday(text: str) -> int:
    if text not in _WEEKDAYS:
        raise ValueError("WKST must be one of " + ", ".join(_WEEKDAYS))
    return _WEEKDAYS.index(text)


def _numbers(name: str, text: str, largest: int) -> set[int]:
    return {_number(name, number, largest) for number in text.split(",")}


def _number(name: str, text: str, largest: int) -> int:
    number = int(text) if _NUMBER.fullmatch(text) else 0
    if not 1 <= abs(number) <= largest or (name == "BYMONTH" and number < 0):
        backwards = "" if name == "BYMONTH" else f" or -{largest} to -1"
        raise ValueError(f"{name} takes numbers from 1 to {largest}{backwards}")
    return number


def _positive(name: str, text: str, largest: int) -> int:
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= largest:
        raise ValueError(f"{name} must be a number from 1 to {largest}")
    return int(text)


def _until(text: str) -> date | datetime:
    """A day, a local time or, with "Z", a moment."""
    match = _UNTIL.fullmatch(text)
    try:
        if match and match[2]:
            local = datetime.strptime(match[1] + match[2], "%Y%m%d%H%M%S")  # noqa: DTZ007 - see below
            return local.replace(tzinfo=UTC) if match[3] else local
        if match:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        pass
    raise ValueError("UNTIL must be a day or a time such as 20261231 or 20261231T235959Z")
