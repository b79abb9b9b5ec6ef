"""When series take place, judged by Java's lib-recur and java.time; and what is refused."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from task_meeting.service.meetings.checking import ScheduleError, check
from task_meeting.service.meetings.times import (
    Exceptional,
    Schedule,
    canonical,
    from_json,
    last_end,
    occurrences,
    rrule,
    to_json,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALWAYS = datetime(1990, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)


def at(text):
    return datetime.fromisoformat(text)


def schedule(start, rule=None, zone="Europe/Berlin", *, duration=HOUR, exceptions=(), all_day=False):
    return Schedule(at(start), duration, zone, all_day, rule, exceptions)


def times(schedule, since=ALWAYS[0], until=ALWAYS[1]):
    return [f"{one.starts_at:%m-%d %H:%M}" for one in occurrences(schedule, since, until)]


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_series_is_where_lib_recur_puts_it(data, java, series):
    rule, start = data.draw(series())
    since = start + data.draw(st.integers(0, 1500)) * DAY
    until = since + data.draw(st.integers(0, 1500)) * DAY
    expected = [one for one in takewhile(lambda one: one < until, java.starts(rule, start)) if one >= since]
    plain = Schedule(start, HOUR, "UTC", recurrence=rule)
    check(plain)
    found = occurrences(plain, since.replace(tzinfo=UTC), until.replace(tzinfo=UTC))
    assert [one.original_start for one in found] == expected


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_series_begins_on_a_day_of_its_rule(data, java, series):
    rule, start = data.draw(series())
    other = start + data.draw(st.integers(1, 400)) * DAY
    is_day = next(iter(java.starts(rule, other)), None) == other
    assert is_day == is_taken(Schedule(other, HOUR, "UTC", recurrence=rule))


def is_taken(schedule):
    try:
        check(schedule)
    except ScheduleError:
        return False
    return True


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_moments_are_those_of_java_time_with_exceptions_and_ends(data, java, schedules):
    given, originals = data.draw(schedules())
    check(given)
    since = given.start.replace(tzinfo=UTC) + data.draw(st.integers(-60, 60)) * DAY
    until = since + data.draw(st.integers(0, 2400)) * HOUR
    bounded = "COUNT" in given.recurrence or "UNTIL" in given.recurrence
    if not bounded:  # lib-recur was asked no further
        until = min(until, java.utc(originals[-1], given.time_zone))
    expected = sorted(spans(java, given, originals))
    found = [(one.starts_at, one.original_start, one.ends_at) for one in occurrences(given, since, until)]
    assert found == [span for span in expected if span[0] < until and span[2] > since]
    assert last_end(given) == (max(span[2] for span in expected) if bounded else None)
    assert from_json(to_json(given.exceptions)) == given.exceptions


def spans(java, schedule, originals):
    """Each occurrence's start, name and end, as RFC 5545 has them."""
    changed = {one.original_start: one for one in schedule.exceptions}
    for original in originals:
        one = changed.get(original, Exceptional(original, original))
        if one.start:
            duration = one.duration or schedule.duration
            start = java.utc(one.start, schedule.time_zone)
            whole = java.utc(one.start + duration, schedule.time_zone)
            yield start, original, whole if schedule.all_day else start + duration


# -- what matters, one by one; the moments are in UTC


def test_in_berlin_ten_stays_ten_when_summer_ends():
    found = times(schedule("2026-10-24T10:00", "FREQ=DAILY;COUNT=3"))
    assert found == ["10-24 08:00", "10-25 09:00", "10-26 09:00"]


def test_a_time_that_the_clock_leaps_over_is_read_with_the_offset_before():
    found = times(schedule("2026-03-28T02:30", "FREQ=DAILY;COUNT=3"))
    assert found == ["03-28 01:30", "03-29 01:30", "03-30 00:30"]
    found = times(schedule("2026-03-07T02:30", "FREQ=DAILY;COUNT=3", "America/New_York"))
    assert found == ["03-07 07:30", "03-08 07:30", "03-09 06:30"]


def test_of_a_time_that_comes_twice_the_first_counts():
    assert times(schedule("2026-10-25T02:30")) == ["10-25 00:30"]
    assert times(schedule("2026-11-01T01:30", zone="America/New_York")) == ["11-01 05:30"]


def test_moscow_went_back_for_good_in_2014():
    found = times(schedule("2014-10-25T10:00", "FREQ=DAILY;COUNT=3", "Europe/Moscow"))
    assert found == ["10-25 06:00", "10-26 07:00", "10-27 07:00"]


def test_kathmandu_is_three_quarters_of_an_hour_off():
    assert times(schedule("2026-11-23T10:00", zone="Asia/Kathmandu")) == ["11-23 04:15"]


def test_a_meeting_lasts_as_long_when_the_clock_changes_meanwhile():
    (one,) = occurrences(schedule("2026-10-25T01:30", duration=2 * HOUR), *ALWAYS)
    assert one.ends_at - one.starts_at == 2 * HOUR


def test_a_whole_day_lasts_from_midnight_to_midnight():
    (one,) = occurrences(schedule("2026-10-25T00:00", duration=DAY, all_day=True), *ALWAYS)
    assert one.ends_at - one.starts_at == 25 * HOUR


def test_a_day_without_midnight_begins_with_its_first_moment():
    (one,) = occurrences(
        schedule("2018-11-04T00:00", zone="America/Sao_Paulo", duration=DAY, all_day=True), *ALWAYS
    )
    assert (one.starts_at, one.ends_at) == (at("2018-11-04T03:00Z"), at("2018-11-05T02:00Z"))


def test_leap_days_come_every_four_years():
    found = occurrences(schedule("2024-02-29T10:00", "FREQ=YEARLY;UNTIL=20360229"), *ALWAYS)
    assert [one.original_start.year for one in found] == [2024, 2028, 2032, 2036]


def test_the_first_of_a_month_and_the_last_are_counted_from_both_ends():
    last = schedule("2026-01-31T10:00", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3")
    assert times(last) == ["01-31 09:00", "02-28 09:00", "03-31 08:00"]


@pytest.mark.parametrize(
    ("start", "rule"),
    [("2024-12-31T10:00", "FREQ=YEARLY;BYYEARDAY=366"), ("2024-01-01T10:00", "FREQ=YEARLY;BYYEARDAY=-366")],
)
def test_day_366_is_in_leap_years_alone(start, rule):
    found = occurrences(schedule(start, rule + ";COUNT=3"), *ALWAYS)
    assert [one.original_start.year for one in found] == [2024, 2028, 2032]


def test_week_53_is_in_long_years_alone():
    found = occurrences(schedule("2020-12-28T10:00", "FREQ=YEARLY;BYWEEKNO=53;COUNT=3"), *ALWAYS)
    assert [one.original_start.year for one in found] == [2020, 2026, 2032]
    assert not is_taken(schedule("2021-12-27T10:00", "FREQ=YEARLY;BYWEEKNO=53"))


def test_weeks_begin_on_the_day_that_the_rule_says():
    assert is_taken(schedule("2026-01-10T10:00", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=SA;WKST=SU"))
    assert is_taken(schedule("2026-01-03T10:00", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=SA"))


def test_a_meeting_that_was_moved_is_where_it_is_now():
    moved = Exceptional(at("2026-11-30T10:00"), at("2026-12-24T09:00"), 2 * HOUR)
    weekly = schedule("2026-11-23T10:00", "FREQ=WEEKLY;COUNT=3", exceptions=[moved])
    assert times(weekly) == ["11-23 09:00", "12-07 09:00", "12-24 08:00"]
    assert times(weekly, at("2026-11-30T00:00Z"), at("2026-12-01T00:00Z")) == []
    assert times(weekly, at("2026-12-24T09:59Z"), at("2026-12-24T10:30Z")) == ["12-24 08:00"]
    assert last_end(weekly) == at("2026-12-24T10:00Z")


def test_a_window_has_what_overlaps_it():
    one = schedule("2026-11-23T10:00", zone="UTC")
    assert times(one, at("2026-11-23T11:00Z"), at("2026-11-24T00:00Z")) == []
    assert times(one, at("2026-11-23T10:59:59Z"), at("2026-11-24T00:00Z")) == ["11-23 10:00"]
    assert times(one, at("2026-11-23T00:00Z"), at("2026-11-23T10:00Z")) == []


def test_a_window_has_what_is_on_another_day_elsewhere():
    first = schedule("2026-11-23T00:30", "FREQ=DAILY", "Pacific/Kiritimati")
    assert times(first, at("2026-11-22T10:00Z"), at("2026-11-22T11:00Z")) == ["11-22 10:30"]
    last = schedule("2026-11-23T23:30", "FREQ=DAILY", "Pacific/Pago_Pago")
    assert times(last, at("2026-11-24T10:00Z"), at("2026-11-24T11:00Z")) == ["11-24 10:30"]


@pytest.mark.parametrize(
    "until", ["20261025T003000Z", "20261025T023000", "20261025", "20261025T013000Z", "20261025T235959"]
)
def test_an_end_includes_what_begins_at_it_in_utc_local_time_or_days(until):
    twice = schedule("2026-10-24T02:30", f"FREQ=DAILY;UNTIL={until}")
    assert times(twice) == ["10-24 00:30", "10-25 00:30"]
    assert rrule(twice) == "FREQ=DAILY;UNTIL=20261025T003000Z"


def test_an_end_before_an_occurrence_excludes_it():
    assert times(schedule("2026-10-24T02:30", "FREQ=DAILY;UNTIL=20261025T002959Z")) == ["10-24 00:30"]


def test_an_end_is_compared_as_a_moment_where_midnight_comes_twice():
    """After 00:00:59 on 7 November it was 23:01 of the day before."""
    daily = schedule("2010-11-06T00:00:30", "FREQ=DAILY;UNTIL=20101107T030000Z", "America/St_Johns")
    assert times(daily) == ["11-06 02:30", "11-07 02:30"]


def test_an_end_may_follow_a_day_that_the_zone_leaves_out():
    # Samoa had no 30 December in 2011: at 10:00 of it, it was 10:00 of the 31st.
    series = schedule("2011-12-27T10:00", "FREQ=DAILY;UNTIL=20111231T003000", "Pacific/Apia")
    check(series)
    assert f"{last_end(series)}" == "2011-12-29 21:00:00+00:00"


def test_a_rule_for_whole_days_ends_with_a_day():
    days = schedule("2026-10-24T00:00", "FREQ=DAILY;UNTIL=20261025T225959Z", duration=DAY, all_day=True)
    assert rrule(days) == "FREQ=DAILY;UNTIL=20261025"


# -- what is refused

WEEKLY = "FREQ=WEEKLY;COUNT=4"
MONDAY = at("2026-11-23T10:00")


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "WEEKLY",
        "FREQ=",
        "COUNT=3",
        "RRULE:FREQ=DAILY",
        "FREQ=DAILY;",
        "FREQ=DAILY;FREQ=DAILY",
        "freq=daily",
        "FREQ=HOURLY",
        "FREQ=SECONDLY",
        "FREQ=FORTNIGHTLY",
        "FREQ=DAILY;BYHOUR=10",
        "FREQ=DAILY;BYMINUTE=0",
        "FREQ=DAILY;BYSECOND=0",
        "FREQ=MONTHLY;BYEASTER=1",
        "RSCALE=CHINESE;FREQ=YEARLY",
        "FREQ=YEARLY;SKIP=FORWARD",
        "FREQ=DAILY;X-PART=1",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=1001",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;COUNT=٣",
        "FREQ=DAILY;COUNT=3;UNTIL=20270101",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=1001",
        "FREQ=DAILY;INTERVAL=1.5",
        "FREQ=DAILY;UNTIL=20261122",
        "FREQ=DAILY;UNTIL=20261123T085959Z",
        "FREQ=DAILY;UNTIL=20270230",
        "FREQ=DAILY;UNTIL=20270101T250000Z",
        "FREQ=DAILY;UNTIL=2027-01-01",
        "FREQ=DAILY;UNTIL=99991231T235959Z",
        "FREQ=DAILY;UNTIL=00010101",
        "FREQ=DAILY;UNTIL=00000101",
        "FREQ=WEEKLY;BYDAY=TU",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=MONDAY",
        "FREQ=WEEKLY;BYDAY=MO,",
        "FREQ=WEEKLY;BYMONTHDAY=23",
        "FREQ=WEEKLY;WKST=XX",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTH=13",
        "FREQ=MONTHLY;BYMONTH=-1",
        "FREQ=MONTHLY;BYMONTH=5L",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=MONTHLY;BYYEARDAY=327",
        "FREQ=MONTHLY;BYWEEKNO=48",
        "FREQ=DAILY;BYDAY=MO;BYSETPOS=1",
        "FREQ=YEARLY;BYMONTHDAY=23",
        "FREQ=YEARLY;BYWEEKNO=48;BYDAY=1MO",
        "FREQ=YEARLY;BYWEEKNO=48;BYMONTH=11",
        "FREQ=YEARLY;BYWEEKNO=48;INTERVAL=2",
        "FREQ=YEARLY;BYYEARDAY=367",
        "FREQ=MONTHLY;BYDAY=" + ",".join(["MO"] * 400),
        "FREQ=YEARLY;BYDAY=47MO\r\nATTENDEE:mailto:a@b",
    ],
)
def test_a_rule_that_is_none_or_not_the_meeting_s_is_refused(rule):
    with pytest.raises(ScheduleError) as caught:
        check(schedule("2026-11-23T10:00", rule))
    assert caught.value.field == "recurrence"
    assert "\r" not in caught.value.message


def test_a_rule_is_kept_in_capital_letters():
    assert canonical(" freq=weekly;byday=mo ") == "FREQ=WEEKLY;BYDAY=MO"


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("time_zone", {"time_zone": "Europe/Atlantis"}),
        ("time_zone", {"time_zone": "../../etc/passwd"}),
        ("time_zone", {"time_zone": ""}),
        ("start", {"start": at("1999-12-31T23:59:59")}),
        ("start", {"start": at("2100-01-01T00:00")}),
        ("start", {"start": at("2026-11-23T10:00:00.5")}),
        ("start", {"all_day": True, "duration": DAY}),
        ("end", {"duration": timedelta()}),
        ("end", {"duration": -HOUR}),
        ("end", {"duration": timedelta(days=14, seconds=1)}),
        ("end", {"duration": timedelta(milliseconds=1)}),
        ("end", {"start": at("2026-11-23T00:00"), "all_day": True, "duration": HOUR}),
        ("exceptions", {"recurrence": None, "exceptions": [Exceptional(MONDAY, None)]}),
        ("exceptions", {"exceptions": [Exceptional(MONDAY + DAY, None)]}),
        ("exceptions", {"exceptions": [Exceptional(MONDAY + HOUR, None)]}),
        ("exceptions", {"exceptions": [Exceptional(MONDAY - 7 * DAY, None)]}),
        ("exceptions", {"exceptions": [Exceptional(MONDAY + 28 * DAY, None)]}),
        ("exceptions", {"exceptions": [Exceptional(MONDAY, None), Exceptional(MONDAY, MONDAY + HOUR)]}),
        ("exceptions", {"exceptions": [Exceptional(MONDAY, MONDAY, 15 * DAY)]}),
        ("exceptions", {"exceptions": [Exceptional(MONDAY, at("2199-12-31T10:00"))]}),
        ("exceptions", {"exceptions": [Exceptional(MONDAY + weeks * 7 * DAY, None) for weeks in range(4)]}),
        (
            "exceptions",
            {
                "recurrence": "FREQ=DAILY",
                "exceptions": [Exceptional(MONDAY + days * DAY, None) for days in range(201)],
            },
        ),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_field(field, changed):
    fields = {"start": MONDAY, "duration": HOUR, "time_zone": "Europe/Berlin", "recurrence": WEEKLY} | changed
    with pytest.raises(ScheduleError) as caught:
        check(Schedule(**fields))
    assert (caught.value.field, str(caught.value)) == (field, caught.value.message)


def test_what_is_left_of_a_series_may_be_moved_occurrences_alone():
    gone = [Exceptional(MONDAY + weeks * 7 * DAY, None) for weeks in range(3)]
    last = Exceptional(MONDAY + 21 * DAY, MONDAY - DAY)
    rest = schedule("2026-11-23T10:00", WEEKLY, exceptions=[*gone, last])
    check(rest)
    assert last_end(rest) == at("2026-11-22T10:00Z")


@pytest.mark.timeout(20)  # python-dateutil takes longer for most of these
@pytest.mark.parametrize(
    ("start", "rule"),
    [
        ("2000-02-01T10:00", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
        ("2000-02-01T10:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        ("2000-02-15T10:00", "FREQ=MONTHLY;BYMONTHDAY=15;BYSETPOS=2"),
        ("2000-02-29T10:00", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;COUNT=1000"),
        ("2024-12-30T10:00", "FREQ=YEARLY;BYDAY=53MO;COUNT=1000"),
        ("2000-02-29T10:00", "FREQ=YEARLY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=29"),
        ("2000-01-01T10:00", "FREQ=DAILY"),
        ("2000-01-01T10:00", "FREQ=DAILY;UNTIL=21991231"),
    ],
)
def test_no_rule_takes_long(start, rule):
    given = schedule(start, rule)
    try:
        for _ in range(10):
            check(given)
    except ScheduleError:
        return
    for _ in range(10):
        occurrences(given, at("2099-01-01T00:00Z"), at("2100-02-05T00:00Z"))
        last_end(given)
