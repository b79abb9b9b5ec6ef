"""Who reads a mail: their language, and times by their clock."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta

from notification.mail.translations import translations
from notification.moments import Moment

_DAY = "EEEE, d MMMM y"
_CLOCK = "HH:mm"
_OFFSET = "'UTC'xxx"
# More of any unit than there can be: then the unit is the one that is asked for.
_NEVER = 1e12


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader. `locale` is one of `translations.LOCALES`."""

    locale: str
    zone: ZoneInfo

    def gettext(self, text: str) -> str:
        """A text in the reader's language."""
        return translations(self.locale).gettext(text)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """A text in the form that goes with a number."""
        return translations(self.locale).ngettext(one, many, number)

    def time(self, at: datetime) -> str:
        """Such as `22 November 2026, 01:30 (UTC+03:00)`."""
        return format_datetime(at, f"d MMMM y, {_CLOCK} ({_OFFSET})", tzinfo=self.zone, locale=self.locale)

    def day(self, on: date) -> str:
        """Such as `Monday, 23 November 2026`."""
        return format_date(on, _DAY, locale=self.locale)

    def plain_day(self, on: date) -> str:
        """Such as `23 November 2026`, for the middle of a sentence."""
        return format_date(on, "d MMMM y", locale=self.locale)

    def span(self, start: Moment, end: Moment, zone: ZoneInfo | None = None) -> str:
        """From when to when, by the reader's clock or by that of another zone, which is named then.

        Dates are days of no zone, and their end is exclusive.
        """
        if not (isinstance(start, datetime) and isinstance(end, datetime)):
            return self._days(start, end)
        first, last = start.astimezone(zone or self.zone), end.astimezone(zone or self.zone)
        until = self._clock(last) if last.date() == first.date() else f"{self.day(last)}, {self._clock(last)}"
        dash = "–" if last.date() == first.date() else " – "
        where = zone.key if zone else format_datetime(first, _OFFSET, tzinfo=self.zone, locale=self.locale)
        return f"{self.day(first)}, {self._clock(first)}{dash}{until} ({where})"

    def distance(self, time: timedelta, *, ahead: bool = False) -> str:
        """How long it is, in one unit: `23 hours`; `ahead`: `in 23 hours`."""
        seconds = max(60.0, abs(time.total_seconds()))
        unit: Literal["minute", "hour", "day"] = "minute"
        if seconds >= timedelta(hours=2).total_seconds():
            unit = "hour" if seconds < timedelta(hours=48).total_seconds() else "day"
        return format_timedelta(
            timedelta(seconds=seconds),
            granularity=unit,
            threshold=_NEVER,
            add_direction=ahead,
            locale=self.locale,
        )

    def _days(self, start: Moment, end: Moment) -> str:
        first, last = _date(start), max(_date(start), _date(end) - timedelta(days=1))
        days = self.day(first) if first == last else f"{self.day(first)} – {self.day(last)}"
        return self.gettext("%(days)s, all day") % {"days": days}

    def _clock(self, at: datetime) -> str:
        return format_time(at, _CLOCK, tzinfo=at.tzinfo, locale=self.locale)


def find_zone(name: str | None) -> ZoneInfo:
    """A zone by its IANA name; UTC where there is none of it."""
    try:
        return ZoneInfo(name or "UTC")
    except (LookupError, ValueError, OSError):  # unknown; a path out of the folder; a folder, too long
        return ZoneInfo("UTC")


def _date(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
