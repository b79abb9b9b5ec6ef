"""When meetings take place: what may be asked for, what follows from it, and what of it is kept up."""

from datetime import UTC, datetime, timedelta

import pytest

from task_meeting.models import Meeting
from task_meeting.service.meetings.occurring import continue_series

MEETINGS = "/api/meetings/"
WEEKLY = {"recurrence": "FREQ=WEEKLY;BYDAY=MO;COUNT=4"}
SOME = "00000000-0000-0000-0000-000000000001"


def path(meeting):
    return f"{MEETINGS}{meeting['oid']}/"


@pytest.fixture
def next_of(staff):
    """From when to when a meeting takes place next."""

    async def show(meeting):
        detail = (await staff.ann.get(path(meeting))).json()
        return [(it["start"], it["end"]) for it in detail["next_occurrences"]]

    return show


@pytest.fixture
def patch(staff):
    async def change(meeting, status=200, **fields):
        answer = await staff.ann.patch(path(meeting), json=fields)
        assert answer.status_code == status, answer.text
        return answer.json()

    return change


async def test_times_are_read_as_they_are_written(staff, schedule, next_of):
    tokyo = {"time_zone": "Asia/Tokyo"}
    for asked, (start, end, zone) in {
        # Local times, of the organizer's zone or of the one that is named.
        ("2027-01-11T10:00", "2027-01-11T11:30:00"): (
            "2027-01-11T10:00:00+01:00",
            "2027-01-11T11:30:00+01:00",
            {},
        ),
        ("2027-01-11T23:30", "2027-01-12T00:30"): (
            "2027-01-11T23:30:00+09:00",
            "2027-01-12T00:30:00+09:00",
            tokyo,
        ),
        # Moments are turned into local times.
        ("2027-01-11T10:00:00Z", "2027-01-11T11:00:00.000+01:00"): (None, None, {}),
        ("2027-01-11T10:00:00Z", "2027-01-11T13:00:00+02:00"): (
            "2027-01-11T11:00:00+01:00",
            "2027-01-11T12:00:00+01:00",
            {},
        ),
        # Dates: whole days.
        ("2027-01-11", "2027-01-13"): ("2027-01-11", "2027-01-13", {}),
        # A night in which the clocks go forward lasts an hour less.
        ("2027-03-27T22:00", "2027-03-28T06:00"): (
            "2027-03-27T22:00:00+01:00",
            "2027-03-28T06:00:00+02:00",
            {},
        ),
    }.items():
        body = {"start": asked[0], "end": asked[1]} | zone
        if start is None:
            answer = await staff.ann.post(MEETINGS, json={"title": "T"} | body)
            assert answer.json()["errors"][0]["pointer"] == "/body/end"
            continue
        meeting = await schedule(**body)
        assert (meeting["start"], meeting["end"], meeting["all_day"]) == (start, end, len(start) == 10)
        assert await next_of(meeting) == [(start, end)]
    # However far away it is.
    far = await schedule(start="2099-12-31T10:00", end="2099-12-31T11:00")
    assert len(await next_of(far)) == 1
    # Bob's zone is Moscow, which the administration knows of; an unknown one of theirs counts for nothing.
    assert (await schedule(staff.bob))["time_zone"] == "Europe/Moscow"


async def test_a_series_keeps_its_local_time_when_clocks_are_changed(schedule, next_of, patch):
    series = await schedule(start="2027-03-22T10:00", end="2027-03-22T11:00", **WEEKLY)
    assert await next_of(series) == [
        ("2027-03-22T10:00:00+01:00", "2027-03-22T11:00:00+01:00"),
        ("2027-03-29T10:00:00+02:00", "2027-03-29T11:00:00+02:00"),
        ("2027-04-05T10:00:00+02:00", "2027-04-05T11:00:00+02:00"),
        ("2027-04-12T10:00:00+02:00", "2027-04-12T11:00:00+02:00"),
    ]
    moved = [
        {"original_start": "2027-03-29T10:00", "start": "2027-03-30T08:00:00Z"},
        {"original_start": "2027-04-05T08:00:00Z", "start": None},
    ]
    changed = await patch(series, exceptions=moved)
    assert changed["exceptions"] == [
        {
            "original_start": "2027-03-29T10:00:00+02:00",
            "start": "2027-03-30T10:00:00+02:00",
            "end": None,
        },
        {"original_start": "2027-04-05T10:00:00+02:00", "start": None, "end": None},
    ]
    assert [start for start, _ in await next_of(series)] == [
        "2027-03-22T10:00:00+01:00",
        "2027-03-30T10:00:00+02:00",
        "2027-04-12T10:00:00+02:00",
    ]
    # Exceptions do not fit other times; without them, or with none, the series moves.
    refused = await patch(series, 422, start="2027-03-22T12:00", end="2027-03-22T13:00")
    assert refused["errors"][0]["pointer"] == "/body/exceptions"
    await patch(series, start="2027-03-22T12:00", end="2027-03-22T13:00", exceptions=[])
    assert [start[11:16] for start, _ in await next_of(series)] == ["12:00"] * 4
    assert (await patch(series, recurrence=None))["recurrence"] is None
    assert len(await next_of(series)) == 1


async def test_what_a_change_of_times_leaves_out_stays(schedule, patch):
    meeting = await schedule(start="2026-12-24T23:00", end="2026-12-25T02:00")
    later = await patch(meeting, end="2026-12-25T03:00")
    assert (later["start"], later["end"]) == ("2026-12-24T23:00:00+01:00", "2026-12-25T03:00:00+01:00")
    # In another zone it is at the same time of day.
    there = await patch(meeting, time_zone="Asia/Kathmandu")
    assert (there["start"], there["end"]) == ("2026-12-24T23:00:00+05:45", "2026-12-25T03:00:00+05:45")
    for fields, pointer in (
        ({"end": "2026-12-24T23:00"}, "/body/end"),
        ({"start": "2026-12-26T00:00"}, "/body/end"),
        ({"start": "2026-12-24"}, "/body/end"),
        ({"start": "2026-12-01T00:00"}, "/body/end"),
    ):
        refused = await patch(meeting, 422, **fields)
        assert refused["errors"][0]["pointer"] == pointer, fields
    all_day = await patch(meeting, start="2026-12-24", end="2026-12-27")
    assert (all_day["start"], all_day["end"], all_day["all_day"]) == ("2026-12-24", "2026-12-27", True)


async def test_a_time_that_the_clocks_leave_out_is_known_again_as_it_was_shown(
    staff, schedule, next_of, patch
):
    """Of 02:30 in Berlin, where at two it is three."""
    daily = {"recurrence": "FREQ=DAILY;COUNT=3"}
    series = await schedule(start="2027-03-27T02:30", end="2027-03-27T03:00", **daily)
    shown = "2027-03-28T03:30:00+02:00"
    detail = (await staff.ann.get(path(series))).json()
    assert detail["next_occurrences"][1]["original_start"] == shown
    changed = await patch(series, exceptions=[{"original_start": shown}])
    assert changed["exceptions"][0]["original_start"] == shown
    assert [start[8:16] for start, _ in await next_of(series)] == ["27T02:30", "29T02:30"]
    # Two o'clock at the latest is the day before, in Nuuk.
    late = {"start": "2027-03-27T23:30", "end": "2027-03-27T23:45", "time_zone": "America/Nuuk"}
    there = await schedule(**daily | late, exceptions=[{"original_start": "2027-03-28T00:30:00-01:00"}])
    assert [start[8:16] for start, _ in await next_of(there)] == ["28T23:30", "29T23:30"]
    # A series that begins so goes on as it was meant, when its start is sent back.
    begins = await schedule(start="2027-03-28T02:30", end="2027-03-28T04:00", **daily)
    assert begins["start"] == shown
    assert await patch(begins, start=begins["start"], end=begins["end"]) == begins
    assert [start[11:16] for start, _ in await next_of(begins)] == ["03:30", "02:30", "02:30"]


# What is wrong of what is asked for, and where the answer points.
WRONG = [
    ({"start": "2027-01-11T10:00", "end": "2027-01-11T10:00"}, "/body/end"),
    ({"start": "2027-01-11T10:00", "end": "2027-01-25T10:01"}, "/body/end"),
    ({"start": "2027-01-11", "end": "2027-01-11T10:00"}, "/body/end"),
    ({"start": "1999-12-31T10:00"}, "/body/start"),
    ({"start": "2101-01-01T10:00"}, "/body/start"),
    ({"start": 1_767_225_600}, "/body/start"),
    ({"start": "tomorrow"}, "/body/start"),
    ({"start": "2027-02-30T10:00"}, "/body/start"),
    # A local time that comes twice is the first; the second cannot be said.
    ({"start": "2027-10-31T02:30:00+01:00", "end": "2027-10-31T04:00"}, "/body/start"),
    ({"time_zone": "Mars/Olympus"}, "/body/time_zone"),
    ({"recurrence": "FREQ=HOURLY"}, "/body/recurrence"),
    ({"recurrence": "RRULE:FREQ=DAILY"}, "/body/recurrence"),
    ({"recurrence": "FREQ=WEEKLY;BYDAY=TU"}, "/body/recurrence"),
    ({"exceptions": [{"original_start": "2027-01-12T10:00"}]}, "/body/exceptions"),
    (WEEKLY | {"exceptions": [{"original_start": "2027-01-18"}]}, "/body/exceptions/0/original_start"),
    (
        WEEKLY | {"exceptions": [{"original_start": "2027-01-18T10:00", "end": "2027-01-18T12:00"}]},
        "/body/exceptions/0/end",
    ),
    (WEEKLY | {"exceptions": [{"original_start": "2027-01-18T10:00"}] * 2}, "/body/exceptions"),
    ({"title": ""}, "/body/title"),
    ({"place": "two\nlines"}, "/body/place"),
    ({"link": "javascript:alert(1)"}, "/body/link"),
    ({"link": "https://user:secret@company.example/"}, "/body/link"),
    ({"agenda": "x" * 20_001}, "/body/agenda"),
    ({"minutes": "Before it began"}, "/body/minutes"),
    ({"attendee_oids": [SOME]}, "/body/attendee_oids/0"),
    ({"attendee_oids": [SOME, SOME]}, "/body/attendee_oids"),
    ({"team_oids": [SOME]}, "/body/team_oids/0"),
    ({"team_oid": SOME}, "/body/team_oid"),
    ({"organizer_oid": SOME}, "/body/organizer_oid"),
]


async def test_what_cannot_be_is_refused_and_the_answer_says_where(staff, query):
    body = {"title": "T", "start": "2027-01-11T10:00", "end": "2027-01-11T11:00"}
    for wrong, pointer in WRONG:
        answer = await staff.ann.post(MEETINGS, json=body | wrong)
        assert answer.status_code == 422, (wrong, answer.text)
        assert answer.json()["errors"][0]["pointer"] == pointer, (wrong, answer.text)
    unknown = await staff.ann.post(MEETINGS, json=body | {"project_oid": SOME})
    assert unknown.status_code == 404
    assert await query("SELECT count(*) FROM meeting") == [(0,)]


@pytest.fixture
def reminders(query):
    """When people will be reminded of a meeting's times, by the days of the month."""

    async def planned():
        rows = await query("SELECT original_start, remind_at FROM meeting_occurrence ORDER BY original_start")
        return {start.day: remind_at for start, remind_at in rows}

    return planned


async def test_reminders_move_with_the_times(schedule, patch, reminders, staff):
    series = await schedule(**WEEKLY)
    planned = await reminders()
    assert planned == {
        day: datetime(2027, month, day, 8, 45, tzinfo=UTC)
        for month, day in ((1, 11), (1, 18), (1, 25), (2, 1))
    }
    for fields in ({"title": "U"}, {"end": "2027-01-11T12:00"}):
        await patch(series, **fields)
    assert await reminders() == planned
    moved = [{"original_start": "2027-01-18T10:00", "start": "2027-01-19T10:00"}]
    await patch(series, exceptions=moved)
    assert (await reminders())[18] == planned[18] + timedelta(days=1)
    # Of whole days nobody is reminded, although they begin when the meetings at midnight did.
    await patch(series, start="2027-01-11T00:00", end="2027-01-11T01:00", exceptions=[])
    assert None not in (await reminders()).values()
    await patch(series, start="2027-01-11", end="2027-01-12")
    assert set((await reminders()).values()) == {None}
    await patch(series, start="2027-01-11T10:00", end="2027-01-11T11:00")
    assert (await reminders()) == planned
    assert (await staff.ann.delete(path(series))).status_code == 204
    assert set((await reminders()).values()) == {None}
    assert len(await reminders()) == 4


async def test_a_time_that_people_were_reminded_of_is_kept_so(schedule, patch, query, reminders):
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    written = [
        f"{it:%Y-%m-%dT%H:%M:%SZ}" for it in (soon, soon + timedelta(hours=1), soon + timedelta(hours=2))
    ]
    meeting = await schedule(start=written[0], end=written[1])
    # The invitation came so late that it is the reminder.
    assert set((await reminders()).values()) == {None}
    overdue = soon - timedelta(minutes=15)
    await query("UPDATE meeting_occurrence SET remind_at = :overdue", overdue=overdue)
    await patch(meeting, end=written[2])
    assert set((await reminders()).values()) == {overdue}
    await query("UPDATE meeting_occurrence SET remind_at = NULL")
    await patch(meeting, end=written[1])
    assert set((await reminders()).values()) == {None}


async def test_series_without_end_are_continued(schedule, database, query):
    endless = await schedule(recurrence="FREQ=DAILY", start="2024-01-01T10:00", end="2024-01-01T11:00")
    cancelled = await schedule(recurrence="FREQ=DAILY")
    await query(
        "UPDATE meeting SET occurrences_until = NULL, status = 'cancelled' WHERE id = :id", id=cancelled["id"]
    )
    of_series = (
        "SELECT count(*), min(starts_at), max(starts_at) FROM meeting_occurrence WHERE meeting_id = :id"
    )
    ((count, first, last),) = await query(of_series, id=endless["id"])
    now = datetime.now(UTC)
    assert timedelta(days=364) < now - first < timedelta(days=366)
    assert timedelta(days=399) < last - now < timedelta(days=400)

    async def continued(days):
        async with database.transaction() as session:
            return await continue_series(session, now + timedelta(days=days))

    assert [await continued(days) for days in (1, 29, 31, 31)] == [0, 0, 1, 0]
    ((more, _, further),) = await query(of_series, id=endless["id"])
    assert (more - count, further - last) == (31, timedelta(days=31))
    async with database.read() as session:
        meeting = await session.get(Meeting, endless["id"])
    assert meeting.occurrences_until == now + timedelta(days=431)
    assert (meeting.version, meeting.sequence) == (1, 0)
