"""When windows end, judged by somebody who looks at the clock on the wall every minute."""

from bisect import bisect_left
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notification.service.timing import next_daily, next_hourly, quiet_end

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# Days on which clocks were moved, and ordinary ones; each in the middle of what is watched.
WATCHED = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("Europe/Berlin", "2026-07-01"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("America/St_Johns", "2010-11-07"),  # at 00:01 back to the day before
    ("America/Nuuk", "2024-03-30"),  # from 23:00 to midnight
    ("America/Caracas", "2016-05-01"),  # by half an hour, from 02:30 to 03:00
    ("Africa/Cairo", "2026-04-24"),  # from midnight to 01:00
    ("Asia/Kathmandu", "2026-05-05"),
    ("Asia/Pyongyang", "2018-05-04"),  # from 23:30 to midnight
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Europe/Moscow", "2014-10-26"),
    ("Pacific/Apia", "2011-12-30"),  # a day that never was
    ("UTC", "2026-01-01"),
]
watched = pytest.mark.parametrize(("zone", "day"), WATCHED)
clock_times = st.builds(time, st.integers(0, 23), st.integers(0, 59)) | st.builds(
    time, st.integers(0, 3), st.sampled_from([0, 15, 30, 45])
)
# Two days of what is watched come before, four are left to find the end in.
seconds = st.integers(0, 3 * 24 * 3600)
quick = settings(max_examples=25, deadline=None)


@cache
def walk(zone, day):
    """Nine days of minutes, and what the clock shows in each."""
    first = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC) - 4 * DAY
    minutes = [first + number * MINUTE for number in range(9 * 24 * 60)]
    return minutes, [minute.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for minute in minutes]


@cache
def latest_shown(zone, day):
    return list(accumulate(walk(zone, day)[1], max))


@cache
def reached(zone, day, at):
    """When the clock first shows this time, or something later, of each day; also of one that is left out."""
    minutes, shown = walk(zone, day)
    days = ((shown[0] + number * DAY).date() for number in range(1, 8))
    return {one: minutes[bisect_left(latest_shown(zone, day), datetime.combine(one, at))] for one in days}


@cache
def days_shown(zone, day):
    return {shown.date() for shown in walk(zone, day)[1]}


def now_in(zone, day, after):
    return walk(zone, day)[0][0] + 2 * DAY + timedelta(seconds=after)


@watched
@given(after=seconds, at=clock_times)
@quick
def test_a_daily_window_ends_when_the_clock_reaches_it(zone, day, after, at):
    now = now_in(zone, day, after)
    ends = [end for its_day, end in reached(zone, day, at).items() if its_day in days_shown(zone, day)]
    assert next_daily(now, at, ZoneInfo(zone)) == min(end for end in ends if end > now)


@watched
@given(at=clock_times)
@quick
def test_every_day_of_the_calendar_has_one_daily_window(zone, day, at):
    ends = [next_daily(now_in(zone, day, 0), at, ZoneInfo(zone))]
    while len(ends) < 4:
        ends.append(next_daily(ends[-1], at, ZoneInfo(zone)))
    day_of = {
        end: its_day for its_day, end in reached(zone, day, at).items() if its_day in days_shown(zone, day)
    }
    calendar = sorted(days_shown(zone, day))
    first = calendar.index(day_of[ends[0]])
    assert [day_of[end] for end in ends] == calendar[first : first + 4]


@watched
@given(after=seconds)
@quick
def test_an_hourly_window_ends_when_the_clock_shows_a_full_hour(zone, day, after):
    now = now_in(zone, day, after)
    full = (
        minute for minute, shown in zip(*walk(zone, day), strict=True) if minute > now and not shown.minute
    )
    assert next_hourly(now, ZoneInfo(zone)) == next(full)


@watched
@given(after=seconds, begin=clock_times, until=clock_times)
@quick
def test_it_is_quiet_from_the_one_time_to_the_other(zone, day, after, begin, until):
    now, expected = now_in(zone, day, after), None
    nights = DAY if until < begin else 0 * DAY
    for its_day, begins in list(reached(zone, day, begin).items())[:-1]:
        ends = reached(zone, day, until)[its_day + nights]
        if begins <= (expected or now) < ends:
            expected = ends
    assert quiet_end(now, begin, until, ZoneInfo(zone)) == expected


@watched
@given(after=seconds, begin=clock_times, until=clock_times)
@quick
def test_what_waited_for_the_end_of_quiet_hours_goes_then(zone, day, after, begin, until):
    end = quiet_end(now_in(zone, day, after), begin, until, ZoneInfo(zone))
    assert end is None or quiet_end(end, begin, until, ZoneInfo(zone)) is None


def berlin(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "at", "end"),
    [
        ("2026-03-28 09:00", time(9), "2026-03-29 09:00"),
        ("2026-03-28 12:00", time(2, 30), "2026-03-29 03:00"),
        ("2026-03-29 03:00", time(2, 30), "2026-03-30 02:30"),
        ("2026-10-24 12:00", time(2, 30), "2026-10-25 02:30"),
        ("2026-10-25 02:30", time(2, 30), "2026-10-26 02:30"),
    ],
)
def test_daily_windows_of_the_days_on_which_berlin_moves_its_clocks(now, at, end):
    assert next_daily(berlin(now), at, ZoneInfo("Europe/Berlin")) == berlin(end)


def test_the_day_that_samoa_left_out_has_no_window():
    apia = ZoneInfo("Pacific/Apia")
    before = datetime(2011, 12, 29, 9, tzinfo=apia)
    assert next_daily(before, time(9), apia) == datetime(2011, 12, 31, 9, tzinfo=apia)


def test_hours_begin_when_the_clock_of_the_person_says_so():
    now = datetime(2026, 5, 5, 12, 20, tzinfo=UTC)
    assert next_hourly(now, ZoneInfo("Asia/Kathmandu")) == datetime(2026, 5, 5, 13, 15, tzinfo=UTC)


def test_equal_times_are_never_quiet():
    now = datetime(2026, 5, 5, 22, tzinfo=UTC)
    assert quiet_end(now, time(22), time(22), ZoneInfo("UTC")) is None


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-03-28 21:59", None),
        ("2026-03-28 22:00", "2026-03-29 07:00"),
        ("2026-03-29 06:59", "2026-03-29 07:00"),
        ("2026-03-29 07:00", None),
    ],
)
def test_quiet_hours_span_midnight(now, end):
    found = quiet_end(berlin(now), time(22), time(7), ZoneInfo("Europe/Berlin"))
    assert found == (end and berlin(end))


def test_a_night_goes_on_after_the_day_that_was_left_out():
    apia = ZoneInfo("Pacific/Apia")
    end = quiet_end(datetime(2011, 12, 29, 23, tzinfo=apia), time(22), time(7), apia)
    assert end == datetime(2011, 12, 31, 7, tzinfo=apia)


def test_a_night_that_has_begun_goes_on_when_clocks_are_put_back_to_the_day_before():
    st_johns = ZoneInfo("America/St_Johns")
    again_before_midnight = datetime(2010, 11, 6, 23, 30, fold=1, tzinfo=st_johns)
    end = quiet_end(again_before_midnight.astimezone(UTC), time(0), time(6), st_johns)
    assert end == datetime(2010, 11, 7, 6, tzinfo=st_johns)
