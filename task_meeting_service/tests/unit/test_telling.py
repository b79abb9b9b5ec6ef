"""Events of meetings: what Kafka takes, however much people write."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from task_meeting.models import Meeting
from task_meeting.queries.meetings import Context, GuestRow
from task_meeting.service.meetings.fields import columns
from task_meeting.service.meetings.telling import News, events, recipient, shown
from task_meeting.service.meetings.times import Exceptional, Schedule

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
DAY = timedelta(days=1)
# What a producer sends at most, with key and headers (max.request.size).
KAFKA = 1_048_576
OWN = 2_000


def fullest():
    """A meeting as long as its fields may be, in letters of four bytes, with as many exceptions."""
    start = NOW.replace(tzinfo=None)
    moved = [Exceptional(start + n * DAY, start + n * DAY + DAY / 8, DAY / 12) for n in range(200)]
    schedule = Schedule(
        start, DAY / 24, "America/Argentina/ComodRivadavia", recurrence="FREQ=DAILY", exceptions=moved
    )
    return Meeting(
        **columns(schedule),
        oid=UUID(int=1),
        title="😀" * 200,
        agenda="😀" * 20_000,
        place="😀" * 300,
        link="https://company.example/" + "a" * 1_976,
        organizer_oid=UUID(int=2),
        status="scheduled",
        sequence=1,
        version=2,
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize(("stay", "go"), [(500, 0), (250, 250), (1, 0), (0, 500)])
def test_the_largest_meeting_makes_events_that_kafka_takes(stay, go):
    name = "Ж" * 100
    context = Context(UUID(int=2), name, "organizer@company.example", None, None, NOW, NOW + DAY / 24)
    guests = [
        GuestRow(UUID(int=number), name, f"guest{number}@company.example", "ru", "Europe/Moscow", "accepted")
        for number in range(1, 501)
    ]
    told = [recipient(guest, "update") for guest in guests[:stay]]
    told += [recipient(guest, "cancel") for guest in guests[500 - go :]]
    meeting = fullest()
    before = {"exceptions": shown(meeting)["exceptions"], "place": "😀" * 300}
    payloads = [
        it.payload for it in events(News(meeting, "meeting.changed.v1", told, before), context, guests)
    ]
    assert all(len(json.dumps(it, ensure_ascii=False).encode()) + OWN < KAFKA for it in payloads)
    assert [to["oid"] for it in payloads for to in it["data"]["recipients"]] == [str(it.oid) for it in told]
    # Each is in the object that they get.
    for data in (it["data"] for it in payloads):
        for to in data["recipients"]:
            method = "cancel" if to["action"] == "cancel" else "request"
            assert to["email"] in data["calendar"][method].replace("\r\n ", "")
