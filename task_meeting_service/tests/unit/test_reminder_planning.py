"""When somebody is reminded of a task: the pure rule, over any deadline, zone and outage."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task_meeting.service.reminding.planning import due, first_look, next_look, zone_of

QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(hours=24)
START = datetime(2035, 1, 1, tzinfo=UTC)
# Whole and broken offsets, both hemispheres, a change at midnight, and no change.
NAMES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Pacific/Apia",
    "Africa/Casablanca",
    "UTC",
)
zones = st.sampled_from(NAMES).map(ZoneInfo)
# Any, and as often one about when the clocks of Berlin, New York or Lord Howe change.
days = st.integers(0, 365) | st.sampled_from([68, 82, 90, 278, 299, 306])
moments = st.builds(lambda day, quarter: START + day * DAY + quarter * QUARTER, days, st.integers(0, 95))
spans = st.timedeltas(timedelta(0), timedelta(days=4))


def at(text, name):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(name)).astimezone(UTC)


def nines(zone, since, until):
    """Found by asking each quarter of an hour what a clock on the wall shows."""
    since += (START - since) % QUARTER
    while since <= until:
        if since.astimezone(zone).time().isoformat() == "09:00:00":
            yield since
        since += QUARTER


def looks(deadline, zone, times, planned):
    """What a worker finds that looks at these times, as (when, what)."""
    for now in times:
        if planned <= now:
            found = due(deadline, zone, now, planned)
            planned = next_look(deadline, zone, now)
            assert planned > now
            if found is not None:
                yield now, found


def punctual(deadline, zone, since, until):
    """The reminders of a worker that is never late."""
    times, now = [], first_look(deadline, since)
    while now <= until:
        times.append(now)
        now = next_look(deadline, zone, now)
    return list(looks(deadline, zone, times, first_look(deadline, since)))


@given(moments, zones, spans)
def test_who_is_never_late_says_each_thing_at_its_moment_and_once(deadline, zone, before):
    since, until = deadline - before, deadline + timedelta(days=3)
    found = punctual(deadline, zone, since, until)
    mornings = [it for it in nines(zone, deadline, until) if deadline < it and since <= it]
    assert [it.occasion for _, it in found if it.kind == "task_overdue"] == mornings
    early = [(when, it.kind) for when, it in found if it.kind != "task_overdue"]
    expected = [
        (max(deadline - DAY, since), "task_day_before"),
        (max(deadline - HOUR, since), "task_hour_before"),
    ]
    skipped = (before <= HOUR) + (before <= timedelta(0))
    assert early == expected[skipped:]
    assert all(it.expires_at == following for (_, it), (following, _) in pairwise(found[len(early) :]))


@given(moments, zones, st.lists(spans, min_size=1, max_size=12), st.integers(-6 * 96, 0))
def test_however_late_the_looks_are_nothing_is_said_twice_or_when_it_is_not_true(deadline, zone, gaps, begin):
    now = deadline + begin * QUARTER
    planned, times = first_look(deadline, now), []
    for gap in gaps:
        now += gap
        times.append(now)
    found = list(looks(deadline, zone, times, planned))
    occasions = [(it.kind, it.occasion) for _, it in found]
    assert len(set(occasions)) == len(occasions)
    for when, it in found:
        assert it.occasion <= when < it.expires_at
        true = {
            "task_day_before": deadline - DAY <= when < deadline - HOUR,
            "task_hour_before": deadline - HOUR <= when < deadline,
            "task_overdue": deadline < it.occasion and it.occasion.astimezone(zone).hour == 9,
        }
        assert true[it.kind]


@given(moments, zones, st.timedeltas(-DAY, 3 * DAY), st.timedeltas(timedelta(0), 400 * DAY))
def test_after_an_outage_of_any_length_one_reminder_catches_up(deadline, zone, begin, length):
    """What was missed last is said, if it is still true, and nothing else."""
    begins, ends = deadline + begin, deadline + begin + length
    planned, said = first_look(deadline, deadline - 2 * DAY), set()
    while planned <= begins:
        found = due(deadline, zone, planned, planned)
        said |= {found.occasion} if found else set()
        planned = next_look(deadline, zone, planned)
    caught_up = [it.occasion for _, it in looks(deadline, zone, [ends, ends], planned)]
    mornings = [it for it in nines(zone, max(deadline, ends - 2 * DAY), ends) if deadline < it]
    true = mornings[-1:] or [it for it in (deadline - HOUR, deadline - DAY) if it <= ends < deadline][:1]
    assert caught_up == [it for it in true if it not in said]


@pytest.mark.parametrize(
    ("name", "deadline", "expected"),
    [
        ("Europe/Berlin", "2035-03-24T18:00", ["03-25 09:00 +0200", "03-26 09:00 +0200"]),
        ("Europe/Berlin", "2035-10-27T08:59", ["10-27 09:00 +0200", "10-28 09:00 +0100"]),
        ("America/New_York", "2035-03-10T09:00", ["03-11 09:00 -0400", "03-12 09:00 -0400"]),
        ("America/New_York", "2035-11-03T23:00", ["11-04 09:00 -0500", "11-05 09:00 -0500"]),
        ("Asia/Kathmandu", "2035-03-24T09:01", ["03-25 09:00 +0545", "03-26 09:00 +0545"]),
    ],
)
def test_overdue_is_said_at_nine_on_the_wall_where_the_person_is(name, deadline, expected):
    deadline, zone = at(deadline, name), ZoneInfo(name)
    said = [it.occasion for _, it in punctual(deadline, zone, deadline, deadline + 2 * DAY)][:2]
    assert [f"{it.astimezone(zone):%m-%d %H:%M %z}" for it in said] == expected


def test_who_gets_an_overdue_task_hears_of_it_the_next_morning_and_who_moves_is_not_woken():
    deadline, berlin = at("2035-06-01T12:00", "Europe/Berlin"), ZoneInfo("Europe/Berlin")
    given_at = at("2035-06-05T15:00", "Europe/Berlin")
    assert due(deadline, berlin, given_at, first_look(deadline, given_at)) is None
    morning = next_look(deadline, berlin, given_at)
    assert morning == at("2035-06-06T09:00", "Europe/Berlin")
    # They have moved meanwhile: there it is 03:00, and yesterday's morning was not theirs.
    new_york = ZoneInfo("America/New_York")
    assert due(deadline, new_york, morning, planned=morning) is None
    assert next_look(deadline, new_york, morning) == at("2035-06-06T09:00", "America/New_York")


@pytest.mark.parametrize(
    "name", [None, "", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "Europe", "\x00", "é"]
)
def test_an_unknown_time_zone_is_utc(name):
    assert datetime(2035, 1, 1, tzinfo=zone_of(name)).utcoffset() == timedelta(0)
