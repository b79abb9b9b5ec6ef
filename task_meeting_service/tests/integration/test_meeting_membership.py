"""Meetings follow the membership of the teams that are asked to them, in the transaction that changes it."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from task_meeting.events import decode_assignment
from task_meeting.handlers import on_assignments_changed, on_assignments_snapshot_read
from task_meeting.service.meetings import following

CHANGED = "meeting.changed.v1"
BY_TEAM = """
    SELECT m.oid, a.user_oid FROM meeting AS m JOIN meeting_team AS t ON t.meeting_id = m.id
    JOIN assignment AS a ON a.team_oid = t.team_oid AND NOT a.deleted
"""


@pytest.fixture
def organizer(oid):
    """Somebody who has called meetings; in a team of their own, as the assignment 900."""
    return oid("user", 900)


@pytest.fixture
async def crew(apply, feed):
    """The organizer, and three people in team 1: 1, 2 and 3."""
    await apply(feed.change("c", 900, user=900, team=90), *joins(feed, range(1, 4)))


def joins(feed, numbers, op="c", **columns):
    """Each number is an assignment and the person whom it puts into the team."""
    return [feed.change(op, number, user=number, **columns) for number in numbers]


@pytest.fixture
def news(sent, oid):
    """What was told since it was asked last: for each event the sequence, and who is invited or not."""
    seen = 0

    async def since():
        nonlocal seen
        events = (await sent(CHANGED))[seen:]
        seen += len(events)
        return [
            (data["sequence"], {number(it["oid"]): it["action"] for it in data["recipients"]})
            for data in (payload["data"] for _, _, payload in events)
        ]

    return since


def number(user_oid):
    return int(user_oid.rpartition("-")[2], 16)


def told(sequence, *, invite=(), cancel=()):
    return sequence, dict.fromkeys(invite, "invite") | dict.fromkeys(cancel, "cancel")


async def test_a_meeting_for_a_team_of_200_follows_its_membership(
    apply, feed, oid, meet, organizer, sent, news, get, query
):
    everybody = joins(feed, range(1, 201))
    await apply(feed.change("c", 900, user=900, team=90), *everybody)
    meeting = await meet(organizer, teams=[oid("team", 1)], place="Room 12")
    await apply(*joins(feed, [201]))
    ((type_, key, payload),) = await sent()
    assert (type_, key, payload["type"]) == (CHANGED, str(meeting.oid), "update")
    data = payload["data"]
    assert data["recipients"] == [
        {
            "oid": str(oid("user", 201)),
            "name": "User 201",
            "email": "user201@company.example",
            "locale": "ru",
            "time_zone": "Europe/Moscow",
            "action": "invite",
        }
    ]
    assert (data["sequence"], data["actor_oid"], data["before"], data["place"]) == (1, None, {}, "Room 12")
    assert "METHOD:REQUEST" in data["calendar"]["request"]
    assert data["calendar"]["request"].replace("\r\n ", "").count("ATTENDEE") == 202
    assert data["calendar"]["cancel"] is None
    assert await news() == [told(1, invite=[201])]

    # Deleted, moved, out of every team, somebody else's; and two who come, one of them from another team.
    await apply(feed.change("c", 300, user=300, team=2), feed.change("c", 301, user=301, team=None))
    await apply(
        feed.change("d", 1),
        feed.change("u", 2, user=2, team=2),
        feed.change("u", 3, user=3, team=None),
        feed.change("u", 4, user=302),
        feed.change("u", 300, user=300, team=1),
        feed.change("u", 301, user=301, team=1),
    )
    assert await news() == [told(2, invite=[300, 301, 302], cancel=[1, 2, 3, 4])]
    cancel = (await sent())[-1][2]["data"]["calendar"]["cancel"].replace("\r\n ", "")
    assert "METHOD:CANCEL" in cancel
    assert cancel.count("ATTENDEE") == 4

    # What changes nobody's membership, or is older than what is known, is no news.
    await apply(*joins(feed, range(5, 201), "u", project_name="Renamed"))
    await apply(*everybody)
    await apply(*reversed(everybody), feed.change("u", 5, user=5, team=2, lsn=5), feed.change("d", 1))
    await apply(*joins(feed, range(5, 50), "r", lsn=90_000, row_lsn=1000))
    assert await news() == []
    detail = await get(f"/api/meetings/{meeting.oid}/")
    assert len(detail["attendees"]) == 201 + 3 - 4 + 1
    assert await query("SELECT sequence, version FROM meeting") == [(2, 3)]


async def test_rows_out_of_order_come_to_the_same(apply, feed, oid, meet, organizer, crew, news):
    await meet(organizer, teams=[oid("team", 1)])
    away, back = feed.change("u", 1, team=2), feed.change("u", 1)
    await apply(back)
    await apply(away)
    assert await news() == []
    gone, joined = feed.change("d", 4, user=4), feed.change("c", 4, user=4, lsn=1)
    await apply(gone)
    await apply(joined)
    # There and back within a batch, however its rows lie.
    await apply(feed.change("u", 1, team=2), feed.change("u", 2, user=2, team=2), *joins(feed, [2, 1], "u"))
    await apply(*joins(feed, [5]), feed.change("d", 5, user=5))
    assert await news() == []


async def test_a_snapshot_counts_by_what_it_changes_and_who_is_not_in_it_is_uninvited(
    apply, feed, oid, meet, organizer, crew, news, database
):
    await meet(organizer, teams=[oid("team", 1)], people=[oid("user", 3)], project=oid("project", 1))
    boundaries = dict(feed.offsets)
    rows = {"lsn": 5000, "row_lsn": 1010}
    await apply(feed.change("r", 900, user=900, team=90, **rows), feed.change("r", 1, **rows))
    assert await news() == []
    await apply(*joins(feed, [4], "r", lsn=5000, row_lsn=4000))
    assert await news() == [told(1, invite=[4])]
    for swept in (2, 0):
        async with database.transaction() as session:
            assert await on_assignments_snapshot_read(session, boundaries) == swept
    # 3 was also asked by name, which they are no longer: they have left the project.
    assert await news() == [told(2, cancel=[2, 3])]
    await apply(*joins(feed, [3], "u"))
    assert await news() == [told(3, invite=[3])]


async def test_who_is_asked_otherwise_too_is_neither_invited_nor_uninvited(
    apply, feed, oid, meet, organizer, crew, news
):
    teams = [oid("team", 1), oid("team", 2)]
    await meet(organizer, teams=teams, people=[oid("user", 3)])
    # The organizer; somebody asked by name, who stays in the project; and twice in one team.
    await apply(feed.change("c", 901, user=900), feed.change("c", 10, user=3, team=None))
    await apply(feed.change("d", 3, user=3), feed.change("d", 901, user=900), feed.change("c", 11, user=1))
    await apply(feed.change("d", 11, user=1), feed.change("c", 3, user=3, lsn=90_000))
    # From one asked team to the other: in one batch, by another assignment, and while in both.
    await apply(feed.change("u", 1, team=2))
    await apply(feed.change("c", 12, user=1, team=1), feed.change("d", 1, team=2))
    await apply(feed.change("c", 13, user=2, team=2))
    await apply(feed.change("d", 2, user=2))
    assert await news() == []
    # But in two batches they are out and in again.
    await apply(feed.change("u", 12, user=1, team=None))
    await apply(feed.change("u", 12, user=1, team=2))
    assert await news() == [told(1, cancel=[1]), told(2, invite=[1])]


async def test_only_scheduled_meetings_that_take_place_once_more_follow(
    apply, feed, oid, meet, organizer, crew, news, query
):
    ann, team, project = oid("user", 1), oid("team", 1), oid("project", 1)
    over = await meet(organizer, teams=[team], people=[ann], project=project, days=-1)
    cancelled = await meet(organizer, teams=[team], people=[ann], project=project, status="cancelled")
    await meet(organizer, teams=[oid("team", 2)])
    await meet(organizer, people=[ann])
    await apply(feed.change("d", 1), *joins(feed, [4]))
    assert await news() == []
    named = await query(
        "SELECT meeting_id FROM meeting_person WHERE meeting_id IN (:a, :b)", a=over.id, b=cancelled.id
    )
    assert len(named) == 2


async def test_a_series_follows_that_takes_place_only_years_from_now(staff, schedule, apply, feed, oid, news):
    last = datetime.now(UTC) - timedelta(days=100)
    start, end = (f"{it:%Y-%m-%dT%H:%M:%SZ}" for it in (last, last + timedelta(hours=1)))
    await schedule(start=start, end=end, recurrence="FREQ=YEARLY;INTERVAL=2", team_oids=[str(oid("team", 1))])
    await apply(*joins(feed, [7]))
    await apply(feed.change("d", 2, user=2))
    assert await news() == [told(1, invite=[7]), told(2, cancel=[2])]


async def test_who_leaves_a_project_is_no_longer_asked_by_name_to_its_meetings(
    apply, feed, oid, meet, organizer, crew, news, query
):
    ann, bob, project = oid("user", 1), oid("user", 2), oid("project", 1)
    named = await meet(organizer, people=[ann, bob], project=project)
    elsewhere = await meet(organizer, people=[ann], project=oid("project", 2))
    own = await meet(ann, people=[ann], project=project)
    await apply(feed.change("c", 10, user=1, team=None))
    await apply(feed.change("d", 1))
    assert await news() == []
    await apply(feed.change("d", 10, user=1, team=None))
    assert await news() == [told(1, cancel=[1])]
    left = await query("SELECT meeting_id, user_oid FROM meeting_person ORDER BY meeting_id, user_oid")
    assert left == [(named.id, bob), (elsewhere.id, ann)]
    assert await query("SELECT sequence FROM meeting WHERE id = :id", id=own.id) == [(0,)]
    # To come back is not to be asked again.
    await apply(*joins(feed, [1], "c", lsn=90_000))
    assert await news() == []


async def test_many_people_and_many_meetings_are_told_set_by_set(
    apply, feed, oid, meet, organizer, crew, sent, news, counted, monkeypatch
):
    await meet(organizer, teams=[oid("team", 1)])
    with counted() as of_one:
        await apply(*joins(feed, range(10, 611)))
    events = [payload["data"] for _, _, payload in await sent()]
    assert [(it["sequence"], len(it["recipients"])) for it in events] == [(1, 500), (1, 101)]
    assert len({it["oid"] for data in events for it in data["recipients"]}) == 601
    for _ in range(5):
        await meet(organizer, teams=[oid("team", 2)])
    with counted() as of_five:
        await apply(feed.change("c", 700, user=700, team=2))
    assert len(of_five) == len(of_one)
    monkeypatch.setattr(following, "_CHUNK", 2)
    await apply(feed.change("d", 700, user=700, team=2))
    assert (await news())[2:] == [told(1, invite=[700])] * 5 + [told(2, cancel=[700])] * 5


async def test_of_two_consumers_the_second_one_knows_what_the_first_one_did(
    apply, feed, oid, meet, organizer, crew, news, database
):
    await apply(feed.change("c", 10, user=1, team=2))
    await meet(organizer, teams=[oid("team", 1), oid("team", 2)])
    async with database.transaction() as session:
        await on_assignments_changed(session, [decode_assignment(feed.change("d", 1))])
        second = asyncio.create_task(apply(feed.change("d", 10, user=1, team=2)))
        done, _ = await asyncio.wait([second], timeout=0.2)
        assert not done
    await second
    assert await news() == [told(1, cancel=[1])]


async def test_what_people_were_told_adds_up_to_who_comes_however_consumers_interleave(
    apply, feed, oid, meet, organizer, crew, sent, query
):
    chance = random.Random(1)
    for asked in ((1, 2), (2, 3), (1, 3), (3,), (1, 2, 3)):
        await meet(organizer, teams=[oid("team", number) for number in asked])
    coming = set(await query(BY_TEAM))
    numbers = range(1, 31)
    batches = [
        [
            feed.change(
                chance.choice("uud"), number, user=number % 7 + 1, team=chance.choice([1, 2, 3, None])
            )
            for number in chance.sample(numbers, 15)
        ]
        for _ in range(20)
    ]
    # Each consumer has assignments of its own; the people are shared between them.
    for batch in batches:
        halves = [[it for it in batch if it.partition % 2 == half] for half in (0, 1)]
        await asyncio.gather(*(apply(*half) for half in halves))
    for _, meeting, payload in await sent(CHANGED):
        for it in payload["data"]["recipients"]:
            place = (UUID(meeting), UUID(it["oid"]))
            assert (place in coming) is (it["action"] == "cancel")
            coming ^= {place}
    assert coming == set(await query(BY_TEAM))
    assert len(await sent(CHANGED)) > 20
