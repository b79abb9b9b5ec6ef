"""A recurrence rule (RFC 5545, section 3.3.10) in words, where these are few."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from babel.dates import get_day_names

from notification.mail.reader import Reader

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SIMPLE = {"FREQ", "INTERVAL", "BYDAY", "COUNT", "UNTIL", "WKST"}


def in_words(rule: str, zone: ZoneInfo, reader: Reader) -> str:
    """Such as `every 2 weeks: Monday, Friday, 10 times`; `repeats` for anything less simple.

    `zone` is the meeting's: the day of an UNTIL in UTC is one there.
    """
    try:
        parts = _parse(rule)
        return _with_end(_often(parts, reader), parts, zone, reader)
    except (ValueError, LookupError, OverflowError):
        return reader.gettext("repeats")


def _parse(rule: str) -> dict[str, str]:
    parts = dict(part.split("=") for part in rule.upper().split(";"))
    if not parts.keys() <= _SIMPLE:
        raise ValueError("more than a few words")
    return parts


def _often(parts: Mapping[str, str], reader: Reader) -> str:
    every = int(parts.get("INTERVAL", "1"))
    often = _EVERY[parts["FREQ"]](reader, every) % {"num": every}
    if "BYDAY" not in parts:
        return often
    if parts["FREQ"] != "WEEKLY":
        raise ValueError("the first Monday of a month and the like")
    names = get_day_names("wide", locale=reader.locale)
    days = ", ".join(names[_DAYS.index(day)] for day in parts["BYDAY"].split(","))
    return f"{often}: {days}"


def _daily(reader: Reader, every: int) -> str:
    if every == 1:
        return reader.gettext("every day")
    return reader.ngettext("every %(num)s day", "every %(num)s days", every)


def _weekly(reader: Reader, every: int) -> str:
    if every == 1:
        return reader.gettext("every week")
    return reader.ngettext("every %(num)s week", "every %(num)s weeks", every)


def _monthly(reader: Reader, every: int) -> str:
    if every == 1:
        return reader.gettext("every month")
    return reader.ngettext("every %(num)s month", "every %(num)s months", every)


def _yearly(reader: Reader, every: int) -> str:
    if every == 1:
        return reader.gettext("every year")
    return reader.ngettext("every %(num)s year", "every %(num)s years", every)


_EVERY: Mapping[str, Callable[[Reader, int], str]] = {
    "DAILY": _daily,
    "WEEKLY": _weekly,
    "MONTHLY": _monthly,
    "YEARLY": _yearly,
}


def _with_end(often: str, parts: Mapping[str, str], zone: ZoneInfo, reader: Reader) -> str:
    if "COUNT" in parts:
        times = int(parts["COUNT"])
        phrase = reader.ngettext("%(often)s, %(num)s time", "%(often)s, %(num)s times", times)
        return phrase % {"often": often, "num": times}
    if "UNTIL" in parts:
        day = reader.plain_day(_until(parts["UNTIL"], zone))
        return reader.gettext("%(often)s, until %(day)s") % {"often": often, "day": day}
    return often


def _until(text: str, zone: ZoneInfo) -> date:
    if text.endswith("Z"):
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).astimezone(zone).date()
    return datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 - a day of no zone
