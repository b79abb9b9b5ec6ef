"""Reminders of meetings: a quarter of an hour before each time, to whoever is to come then."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from service_kit.testing import ManualClock
from task_meeting.service.reminding import sending
from task_meeting.service.reminding.meetings import remind_of_meetings

CONTRACT = Path(__file__).parents[3] / "contracts/events/reminder-bus.schema.json"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# Occurrences are known for the year to come.
START = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0) + 7 * DAY
SOON = START - 15 * MINUTE


def times(start=START):
    """A meeting of half an hour, in UTC."""
    return {
        "start": f"{start:%Y-%m-%dT%H:%M}",
        "end": f"{start + 30 * MINUTE:%Y-%m-%dT%H:%M}",
        "time_zone": "UTC",
    }


@pytest.fixture
def look(database, sent):
    """What people are told when a worker looks at a moment, as (meeting, their numbers)."""
    seen = 0

    async def at(now):
        nonlocal seen
        while await remind_of_meetings(database, ManualClock(now), size=2):
            pass
        events = [payload for _, _, payload in await sent("reminder.due.v1")]
        new, seen = events[seen:], len(events)
        schema = Draft202012Validator(json.loads(CONTRACT.read_text()))
        assert [error.message for it in new for error in schema.iter_errors(it)] == []
        return sorted(
            (it["data"]["meeting"]["title"], [int(to["name"].split()[1]) for to in it["data"]["recipients"]])
            for it in new
        )

    return at


async def test_those_who_come_hear_of_each_time_once_and_of_no_other(
    staff, schedule, users, oid, look, sent, apply, feed
):
    """Ann asks her team (Bob and herself), Eve, who declines, and Max; on three days, but the second."""
    meeting = await schedule(
        title="Stand-up",
        **times(),
        project_oid=str(oid("project", 1)),
        team_oids=[str(oid("team", 1))],
        attendee_oids=users(4, 5),
        recurrence="FREQ=DAILY;COUNT=3",
        exceptions=[{"original_start": f"{START + DAY:%Y-%m-%dT%H:%M}"}],
        place="Room 12",
    )
    await staff.eve.put(f"/api/meetings/{meeting['oid']}/response/", json={"status": "declined"})
    assert await look(SOON - MINUTE) == []
    assert await look(SOON) == [("Stand-up", [1, 2, 4])]
    assert await look(SOON + MINUTE) == []
    (_, key, payload) = (await sent("reminder.due.v1"))[0]
    data = payload["data"]
    assert (key, payload["subject_uid"], data["kind"], data["task"]) == (
        meeting["oid"],
        meeting["oid"],
        "meeting_soon",
        None,
    )
    assert (
        data["due_at"] == data["expires_at"] == data["meeting"]["start"] == f"{START:%Y-%m-%dT%H:%M:%S}.000Z"
    )
    assert (data["meeting"]["project_name"], data["meeting"]["place"]) == ("Project 1", "Room 12")
    # A new title is no new reminder.
    answer = await staff.ann.patch(f"/api/meetings/{meeting['oid']}/", json={"title": "Sit-down"})
    assert answer.status_code == 200, answer.text
    assert await look(SOON + 2 * MINUTE) == []
    await apply(feed.change("d", 2, user=2))
    assert await look(SOON + DAY) == []
    assert await look(SOON + 2 * DAY) == [("Sit-down", [1, 4])]
    assert await look(SOON + 9 * DAY) == []


async def test_late_is_better_than_never_until_it_begins_and_cancelled_or_moved_ones_are_none(
    staff, schedule, users, look, apply, feed, query
):
    await schedule(title="Late", **times(), attendee_oids=users(2))
    await schedule(title="Begun", **times(START - 10 * MINUTE), attendee_oids=users(2))
    cancelled = await schedule(title="Cancelled", **times(), attendee_oids=users(2))
    moved = await schedule(title="Moved", **times(), attendee_oids=users(2))
    await schedule(title="Whole day", start=f"{START:%Y-%m-%d}", end=f"{START + DAY:%Y-%m-%d}")
    assert (await staff.ann.delete(f"/api/meetings/{cancelled['oid']}/")).status_code == 204
    # What should not be: it is to be reminded of all the same.
    await query(
        "UPDATE meeting_occurrence SET remind_at = starts_at - interval '15 min' WHERE meeting_id = :id",
        id=cancelled["id"],
    )
    answer = await staff.ann.patch(f"/api/meetings/{moved['oid']}/", json=times(START + DAY))
    assert answer.status_code == 200, answer.text
    assert await look(START - 10 * MINUTE) == [("Late", [1, 2])]
    # An organizer who has left the company.
    await apply(feed.change("d", 1))
    assert await look(SOON + DAY) == [("Moved", [2])]
    assert await look(START + 9 * DAY) == []


async def test_of_two_times_that_were_moved_together_people_hear_once(schedule, users, look):
    moved = {"original_start": f"{START + DAY:%Y-%m-%dT%H:%M}", "start": f"{START + 2 * DAY:%Y-%m-%dT%H:%M}"}
    series = {"recurrence": "FREQ=DAILY;COUNT=3", "exceptions": [moved]}
    await schedule(title="Twice", **times(), **series, attendee_oids=users(2))
    assert await look(SOON) == [("Twice", [1, 2])]
    assert await look(SOON + 2 * DAY) == [("Twice", [1, 2])]


async def test_of_many_guests_each_event_names_some(schedule, users, look, monkeypatch):
    monkeypatch.setattr(sending, "MAX_RECIPIENTS", 2)
    await schedule(title="All hands", **times(), attendee_oids=users(2, 4, 5))
    assert await look(SOON) == [("All hands", [1, 2]), ("All hands", [4, 5])]
