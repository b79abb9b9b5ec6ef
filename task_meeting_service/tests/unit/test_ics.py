"""What calendar programs get: read back by strict parsers, and compared with what it should look like."""
# ruff: noqa: DTZ001 - local times

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rruleset, rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar

from task_meeting.service.meetings.ics import (
    CalendarMeeting,
    CalendarTask,
    Guest,
    Party,
    cancel,
    feed,
    request,
)
from task_meeting.service.meetings.times import Exceptional, Schedule, occurrences
from task_meeting.service.meetings.vtimezones import vtimezone

GOLDEN = Path(__file__).with_name("golden")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 11, 21, 18, 30, 15, tzinfo=UTC)
ANNA = Guest("Anna Ivanova", "anna@company.example", "accepted")
BORIS = Guest("Борис Петров", "boris@company.example")
WEEKLY = Schedule(
    datetime(2026, 11, 23, 10),
    HOUR,
    "Europe/Berlin",
    recurrence="FREQ=WEEKLY;UNTIL=20270601",
    exceptions=[
        Exceptional(datetime(2026, 11, 30, 10), None),
        Exceptional(datetime(2026, 12, 7, 10), datetime(2026, 12, 8, 14, 30), timedelta(minutes=30)),
        Exceptional(datetime(2026, 12, 28, 10), None),
    ],
)
PLANNING = CalendarMeeting(
    oid=UUID("01920000-0000-7000-8000-000000000001"),
    title="Planning; sprint 7, second half",
    agenda="1. What is done\n2. What is next, and who does it",
    place="Room 4",
    link="https://meet.company.example/planning?room=4&lang=de",
    schedule=WEEKLY,
    organizer=Party("Anna Ivanova", "anna@company.example"),
    guests=[ANNA, BORIS],
    cancelled=False,
    sequence=2,
    created_at=NOW - DAY,
    updated_at=NOW,
)
OUTING = replace(
    PLANNING,
    oid=UUID("01920000-0000-7000-8000-000000000002"),
    title="Company outing",
    agenda="",
    place=None,
    link=None,
    schedule=Schedule(datetime(2026, 12, 24), 2 * DAY, "Asia/Kathmandu", all_day=True),
    guests=(),
    cancelled=True,
)
TASK = CalendarTask(
    oid=UUID("01920000-0000-7000-8000-000000000003"),
    title="Write the report",
    project="Apollo",
    deadline=datetime(2026, 12, 1, 15, tzinfo=UTC),
    state="open",
    version=4,
    created_at=NOW - DAY,
    updated_at=NOW,
)
TASKS = [TASK, replace(TASK, state="done"), replace(TASK, state="cancelled", project=None)]


def with_schedule(*arguments, **fields):
    return replace(PLANNING, schedule=Schedule(*arguments, **fields))


def strictly(text):
    """What two strict parsers make of it, both without complaints."""
    calendar = Calendar.from_ical(text)
    assert [error for part in calendar.walk() for error in part.errors] == []
    return calendar, IcsCalendarStream.calendar_from_ics(text)


def lines(text):
    """Content lines, unfolded (RFC 5545, 3.1)."""
    assert text.endswith("\r\n")
    assert not re.search("(?<!\r)\n|\r(?!\n)", text)
    return text.replace("\r\n ", "").split("\r\n")[:-1]


# -- what it looks like


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("request", request(PLANNING)),
        ("cancel", cancel(replace(PLANNING, cancelled=True, sequence=3), [ANNA, BORIS])),
        ("uninvite", cancel(replace(PLANNING, sequence=3), [BORIS])),
        ("feed", feed("Team Suite: Boris", [PLANNING, OUTING], TASKS, NOW).decode()),
    ],
)
def test_calendars_look_as_they_did(name, text):
    """After a wanted change: write the texts anew, and read the difference."""
    assert text.replace("\r\n", "\n") == (GOLDEN / f"{name}.ics").read_bytes().decode()
    lines(text)
    strictly(text)


# -- what programs read in it


def test_an_invitation_comes_back_as_it_was_sent():
    _, calendar = strictly(request(PLANNING))
    series, moved = calendar.events
    assert calendar.method == "REQUEST"
    assert (series.uid, series.sequence) == ("meeting-01920000-0000-7000-8000-000000000001@team-suite", 2)
    assert (series.summary, series.location, series.url) == (PLANNING.title, "Room 4", PLANNING.link)
    assert series.description == f"{PLANNING.agenda}\n\n{PLANNING.link}"
    assert series.conference[0].uri == PLANNING.link
    assert (series.created, series.dtstamp, series.last_modified) == (NOW - DAY, NOW, NOW)
    assert (series.organizer.common_name, series.organizer.uri) == (
        "Anna Ivanova",
        "mailto:anna@company.example",
    )
    assert [(it.common_name, it.status, it.role, it.rsvp) for it in series.attendees] == [
        ("Anna Ivanova", "ACCEPTED", "CHAIR", False),
        ("Борис Петров", "NEEDS-ACTION", "REQ-PARTICIPANT", True),
    ]
    assert (series.status.value, series.transparency) == ("CONFIRMED", "OPAQUE")
    assert (moved.uid, moved.sequence, moved.recurrence_id) == (series.uid, 2, "20261207T100000")


def test_news_keep_the_uid_and_raise_the_sequence():
    texts = [
        request(PLANNING),
        request(replace(PLANNING, sequence=3)),
        cancel(replace(PLANNING, sequence=4), [BORIS]),
    ]
    first = [strictly(text)[1].events[0] for text in texts]
    assert [event.sequence for event in first] == [2, 3, 4]
    assert len({event.uid for event in first}) == 1


def test_a_cancellation_cancels_for_all_or_for_those_who_are_named():
    for cancelled, status in ((True, "CANCELLED"), (False, None)):
        calendar, read = strictly(cancel(replace(PLANNING, cancelled=cancelled), [BORIS]))
        (event,) = read.events
        assert read.method == "CANCEL"
        assert calendar.events[0].get("STATUS") == status
        assert [str(it.uri) for it in event.attendees] == ["mailto:boris@company.example"]
        assert event.rrule is not None  # every occurrence


def test_a_calendar_keeps_what_is_cancelled_and_says_what_is_done():
    calendar, read = strictly(feed("Mine, all; mine", [OUTING], TASKS, NOW).decode())
    assert "METHOD" not in calendar
    assert (
        calendar["NAME"] == calendar["X-WR-CALNAME"] == r"Mine\, all\; mine"
    )  # TEXT (RFC 7986, 5.1), unread
    outing, *tasks = read.events
    assert (outing.status.value, outing.dtstart.isoformat(), outing.dtend.isoformat()) == (
        "CANCELLED",
        "2026-12-24",
        "2026-12-26",
    )
    assert [task.summary for task in tasks] == [
        "Write the report",
        "\N{CHECK MARK} Write the report",
        "Write the report",
    ]
    assert [task.status.value for task in tasks] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert {(task.transparency, task.dtstart, task.sequence) for task in tasks} == {
        ("TRANSPARENT", TASK.deadline, 4)
    }
    assert calendar.timezones == []  # days and UTC need none


def test_a_calendar_is_the_same_to_the_byte_until_something_changes():
    assert feed("A", [PLANNING], TASKS, NOW) == feed("A", [replace(PLANNING)], TASKS, NOW + DAY)
    assert feed("A", [PLANNING], TASKS, NOW) != feed("A", [replace(PLANNING, sequence=3)], TASKS, NOW)


# What python-dateutil, in the strict parser, has right.
COMMON = st.sampled_from(
    [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,SU;WKST=SU",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    ]
)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_programs_see_the_occurrences_that_there_are(data, schedules):
    schedule, _ = data.draw(schedules(COMMON))
    # The parser does not find what a RECURRENCE-ID in UTC belongs to, and shows the occurrence twice.
    assume(schedule.time_zone != "UTC" or not schedule.exceptions)
    # Samoa left out a whole day: the next one begins at the same moment, and UNTIL, in UTC, parts them not.
    assume(schedule.time_zone != "Pacific/Apia" or "UNTIL" not in schedule.recurrence)
    meeting = replace(PLANNING, schedule=schedule)
    since, until = (schedule.start.replace(tzinfo=UTC) + by * DAY for by in (-50, 100))
    _, calendar = strictly(request(meeting))
    zone = ZoneInfo(schedule.time_zone)
    found = sorted(
        _moment(event.dtstart, zone) for event in calendar.timeline_tz(zone).overlapping(since, until)
    )
    assert found == [one.starts_at for one in occurrences(schedule, since, until)]


def _moment(start, zone):
    local = start if isinstance(start, datetime) else datetime.combine(start, datetime.min.time())
    return local.replace(tzinfo=zone).astimezone(UTC)


# -- time zones


ZONES = (
    *(
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kathmandu",
        "Europe/Moscow",
        "Europe/Dublin",
        "Africa/Cairo",
    ),
    *(
        "Africa/Casablanca",
        "Asia/Jerusalem",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Pacific/Apia",
        "EST5EDT",
    ),
)


def onsets(component):
    """When each offset begins to be in force (RFC 5545, 3.6.5), by the moment."""
    for it in component.subcomponents:
        local = rruleset()
        local.rdate(it.DTSTART)
        if "RRULE" in it:
            until = it["RRULE"].get("UNTIL", [datetime(2060, 1, 1, tzinfo=UTC)])[0]
            rule = re.sub("UNTIL=[^;]*;", "", it["RRULE"].to_ical().decode())
            local.rrule(
                rrulestr(rule, dtstart=it.DTSTART).replace(until=until.replace(tzinfo=None) + it.TZOFFSETFROM)
            )
        for day in it["RDATE"].dts if "RDATE" in it else ():
            local.rdate(day.dt)
        yield from (((onset - it.TZOFFSETFROM).replace(tzinfo=UTC), it.TZOFFSETTO) for onset in local)


@given(name=st.sampled_from(ZONES), first=st.integers(2000, 2034), years=st.integers(0, 12), data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_time_zone_is_complete_for_its_years(name, first, years, data):
    zone = ZoneInfo(name)
    begin, end = (datetime(year, 1, 1, tzinfo=zone) for year in (first, first + years + 1))
    known = sorted(onsets(Calendar.from_ical(vtimezone(name, first, first + years).to_ical())))
    seconds = data.draw(st.lists(st.integers(int(begin.timestamp()), int(end.timestamp()) - 1), min_size=20))
    changes = [onset + by for onset, _ in known for by in (timedelta(), -timedelta(seconds=1))]
    for at in [*changes, *(datetime.fromtimestamp(second, UTC) for second in seconds)]:
        if begin <= at < end:
            offset = [offset for onset, offset in known if onset <= at][-1]
            assert offset == at.astimezone(zone).utcoffset(), at


def test_where_the_clock_goes_forward_the_onset_is_in_the_time_before():
    berlin = vtimezone("Europe/Berlin", 2026, 2026)
    assert [(it.DTSTART.isoformat(), it["RRULE"].to_ical().decode()) for it in berlin.subcomponents] == [
        ("2025-03-30T02:00:00", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"),
        ("2025-10-26T03:00:00", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"),
    ]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 10, 25, 2, 30), "DURATION:PT1H"),  # ends at a time that came before
        (datetime(2026, 3, 29, 2, 30), "DURATION:PT1H"),  # begins in one that does not come
        (datetime(2026, 3, 29, 1, 30), "DURATION:PT1H"),
        (datetime(2026, 3, 30, 1, 30), "DTEND;TZID=Europe/Berlin:20260330T023000"),
    ],
)
def test_an_end_is_a_duration_where_it_could_be_read_in_two_ways(start, end):
    found = [
        line
        for line in lines(request(with_schedule(start, HOUR, "Europe/Berlin")))
        if line.startswith(("DTEND", "DURATION"))
    ]
    assert found == [end]


# -- what people may write

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=120)
HARD_TEXTS = TEXTS | st.text("\r\n\t\\;,:\"'^%N n\x7f\x85\u2028😀é", max_size=120)
NAMES = [line.partition(":")[0].partition(";")[0] for line in lines(request(PLANNING))]


@given(
    title=HARD_TEXTS, agenda=HARD_TEXTS.map("x".__add__), name=HARD_TEXTS, email=HARD_TEXTS.map("a".__add__)
)
@settings(max_examples=50, deadline=None)
def test_no_text_breaks_out_of_its_line(title, agenda, name, email):
    hostile = replace(
        PLANNING,
        title=title,
        agenda=agenda,
        place=f"x{title}",
        link=f"https://x/{name}",
        guests=[Guest(name, email), BORIS],
        organizer=Party(name, "organizer@company.example"),
    )
    text = request(hostile)
    assert [line.partition(":")[0].partition(";")[0] for line in lines(text)] == NAMES
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert not re.search("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f\x85\u2028\u2029]", text)
    strictly(text)
    summary = next(line for line in lines(text) if line.startswith("SUMMARY:"))
    assert _unescaped(summary.removeprefix("SUMMARY:")) == _shown(title).replace("\n", " ")
    description = next(line for line in lines(text) if line.startswith("DESCRIPTION:"))
    assert _unescaped(description.removeprefix("DESCRIPTION:")) == _shown(f"{agenda}\n\n{hostile.link}")


def _shown(text):
    """Without what no program should see."""
    text = re.sub("\r\n|[\r\n\v\f\x85\u2028\u2029]", "\n", text)
    return re.sub("[\x00-\x08\x0e-\x1f\x7f]", "", text)


def _unescaped(value):
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value)


def test_backslashes_stay_backslashes():
    (summary,) = (
        line
        for line in lines(request(replace(PLANNING, title=r"C:\New", schedule=OUTING.schedule)))
        if line[:7] == "SUMMARY"
    )
    assert summary == r"SUMMARY:C:\\New"


def test_odd_addresses_and_links_are_encoded():
    odd = replace(
        OUTING,
        link='https://x/a b"ü\r\n?q=%20',
        guests=[Guest('"Q" ; B', 'o\'b+x;"?q"@bücher.example')],
        agenda="",
    )
    found = lines(request(odd))
    assert "URL;VALUE=URI:https://x/a%20b%22%C3%BC%0D%0A?q=%20" in found
    (attendee,) = (line for line in found if line.startswith("ATTENDEE"))
    assert attendee.endswith(":mailto:o'b+x%3B%22%3Fq%22@b%C3%BCcher.example")
    assert "CN=\"'Q' ; B\"" in attendee


def test_a_series_with_much_to_say_says_it_once():
    moved = [
        Exceptional(WEEKLY.start + week * 7 * DAY, WEEKLY.start + week * 7 * DAY + HOUR) for week in range(20)
    ]
    large = replace(PLANNING, agenda="x" * 20_000, schedule=replace(WEEKLY, exceptions=moved))
    text = request(large)
    assert len(text) < 50_000
    assert text.count("RECURRENCE-ID") == 20
    assert text.count("ATTENDEE") == 2
