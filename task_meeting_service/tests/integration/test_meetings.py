"""A meeting's life: scheduled, changed, answered, and cancelled; and who is told what of it."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from service_kit.auth import Caller
from task_meeting.schemas.meetings import NewMeeting
from task_meeting.service.access import Access
from task_meeting.service.meetings import telling
from task_meeting.service.meetings.editing import create_meeting

CONTRACT = Path(__file__).parents[3] / "contracts/events/meeting-bus.schema.json"
MEETINGS = "/api/meetings/"
MANY = 50


def path(meeting, rest=""):
    return f"{MEETINGS}{meeting['oid']}/{rest}"


@pytest.fixture
def news(sent):
    """What was told since it was asked last: for each event its type, sequence, and what became of whom."""
    seen = 0

    async def since():
        nonlocal seen
        events = [event for event in await sent() if event[0].startswith("meeting.")]
        new, seen = events[seen:], len(events)
        return [_short(type_, payload["data"]) for type_, _, payload in new]

    return since


def _short(type_, data):
    number = {it["oid"]: int(it["oid"].rpartition("-")[2], 16) for it in data["recipients"]}
    actions = {number[it["oid"]]: it["action"] for it in data["recipients"]}
    return type_.split(".")[1], data["sequence"], actions


async def test_a_meeting_is_scheduled_with_all_that_it_can_have(staff, users, oid, sent):
    body = {
        "title": "Close the books",
        "start": "2027-01-11T10:00",
        "end": "2027-01-11T11:00",
        "agenda": "1. **Invoices**",
        "place": "Room 12",
        "link": "https://meet.company.example/books?a=1",
        "project_oid": str(oid("project", 1)),
        "team_oid": str(oid("team", 1)),
        "recurrence": "freq=weekly;byday=mo;count=3",
        "exceptions": [
            {"original_start": "2027-01-18T10:00", "start": "2027-01-19T15:00", "end": "2027-01-19T15:30"},
            {"original_start": "2027-01-25T10:00"},
        ],
        "attendee_oids": users(4),
    }
    answer = await staff.ann.post(MEETINGS, json=body)
    assert answer.status_code == 201, answer.text
    meeting = answer.json()
    assert (answer.headers["location"], answer.headers["etag"]) == (path(meeting), '"v1"')
    assert meeting == body | {
        "id": 1,
        "oid": meeting["oid"],
        "minutes": "",
        "organizer_oid": str(oid("user", 1)),
        "start": "2027-01-11T10:00:00+01:00",
        "end": "2027-01-11T11:00:00+01:00",
        "all_day": False,
        "time_zone": "Europe/Berlin",
        "recurrence": "FREQ=WEEKLY;BYDAY=MO;COUNT=3",
        "exceptions": [
            {
                "original_start": "2027-01-18T10:00:00+01:00",
                "start": "2027-01-19T15:00:00+01:00",
                "end": "2027-01-19T15:30:00+01:00",
            },
            {"original_start": "2027-01-25T10:00:00+01:00", "start": None, "end": None},
        ],
        "status": "scheduled",
        "team_oids": [str(oid("team", 1))],
        "sequence": 0,
        "version": 1,
        "created_at": meeting["created_at"],
        "updated_at": meeting["created_at"],
        "cancelled_at": None,
    }
    shown = await staff.ann.get(path(meeting))
    assert shown.headers["etag"] == '"v1"'
    detail = shown.json()
    assert detail.items() >= meeting.items()
    assert [(it["name"], it["response"], it["organizer"]) for it in detail["attendees"]] == [
        ("User 1", "accepted", True),
        ("User 2", "needs_action", False),
        ("User 4", "needs_action", False),
    ]
    assert [it["start"] for it in detail["next_occurrences"]] == [
        "2027-01-11T10:00:00+01:00",
        "2027-01-19T15:00:00+01:00",
    ]
    assert (detail["action_items"], detail["conflicts"]) == ([], [])
    ((type_, key, payload),) = await sent()
    assert (type_, key, payload["type"]) == ("meeting.scheduled.v1", meeting["oid"], "create")
    data = payload["data"]
    same = meeting.keys() & data.keys() - {"exceptions"}
    assert {name: data[name] for name in same} == {name: meeting[name] for name in same}
    assert [(it["oid"], it["action"]) for it in data["recipients"]] == [(it, "invite") for it in users(2, 4)]
    assert (data["project_name"], data["team_name"]) == ("Project 1", "Team 1")
    assert data["organizer"] == {"oid": users(1)[0], "name": "User 1", "email": "user1@company.example"}
    assert (data["next_start"], data["next_end"]) == ("2027-01-11T09:00:00.000Z", "2027-01-11T10:00:00.000Z")
    assert (data["before"], data["actor_oid"], data["calendar"]["cancel"]) == ({}, users(1)[0], None)
    assert "METHOD:REQUEST" in data["calendar"]["request"]
    assert "user2@company.example" in data["calendar"]["request"]


async def test_each_is_told_what_concerns_them_and_the_actor_nothing(staff, schedule, users, oid, news, sent):
    meeting = await schedule(attendee_oids=users(2, 5), project_oid=str(oid("project", 1)))
    assert await news() == [("scheduled", 0, {2: "invite", 5: "invite"})]

    async def patch(client=staff.ann, **fields):
        answer = await client.patch(path(meeting), json=fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    moved = await patch(start="2027-01-11T12:00", end="2027-01-11T13:00", place="Room 12")
    assert (moved["sequence"], moved["version"]) == (1, 2)
    assert await news() == [("changed", 1, {2: "update", 5: "update"})]
    before = (await sent())[-1][2]["data"]["before"]
    assert before == {"place": None, "start": meeting["start"], "end": meeting["end"]}
    # Asked for once more, it is no change; minutes are one that nobody is told of.
    assert await patch(start="2027-01-11T12:00", title=meeting["title"]) == moved
    assert (await patch(minutes="All done."))["version"] == 3
    assert await news() == []
    # Who stays is told nothing of others' coming and going; the team has Bob again, who hears nothing of it.
    assert (await patch(attendee_oids=users(4, 2)))["attendee_oids"] == users(2, 4)
    assert await news() == [("changed", 2, {4: "invite", 5: "cancel"})]
    assert "METHOD:CANCEL" in (await sent())[-1][2]["data"]["calendar"]["cancel"]
    assert (await patch(attendee_oids=users(4), team_oids=[str(oid("team", 1))]))["version"] == 5
    assert await news() == []
    # A manager of the project changes it: its organizer is told, as everybody else.
    await patch(staff.max, agenda="1. Invoices", team_oids=[])
    assert await news() == [("changed", 3, {1: "update", 2: "cancel"})]

    assert (await staff.ann.delete(path(meeting))).status_code == 204
    assert await news() == [("cancelled", 4, {4: "cancel"})]
    assert (await staff.ann.delete(path(meeting))).status_code == 204
    assert await news() == []
    gone = (await staff.ann.get(path(meeting))).json()
    assert (gone["status"], gone["sequence"], gone["version"]) == ("cancelled", 4, 7)
    assert gone["cancelled_at"] is not None
    for method, rest, body in (
        ("PATCH", "", {"minutes": "More"}),
        ("PUT", "response/", {"status": "accepted"}),
        ("POST", "action-items/", {"title": "T"}),
    ):
        assert (await staff.ann.request(method, path(meeting, rest), json=body)).status_code == 409, method
    contract = Draft202012Validator(json.loads(CONTRACT.read_text(encoding="utf-8")))
    for _, _, payload in await sent():
        contract.validate(payload)


async def test_many_guests_are_told_by_several_events(staff, schedule, users, news, monkeypatch):
    monkeypatch.setattr(telling, "MAX_RECIPIENTS", 2)
    meeting = await schedule(staff.eve, attendee_oids=users(1, 2, 3))
    one, two = await news()
    assert (one, two) == (
        ("scheduled", 0, {1: "invite", 2: "invite"}),
        ("scheduled", 0, {3: "invite"}),
    )
    await staff.eve.patch(path(meeting), json={"attendee_oids": []})
    assert [actions for _, _, actions in await news()] == [{1: "cancel", 2: "cancel"}, {3: "cancel"}]


async def test_what_is_repeated_has_one_effect_and_what_is_stale_none(staff, schedule, news):
    body = {"title": "T", "start": "2027-01-11", "end": "2027-01-12"}
    key = {"Idempotency-Key": "k"}
    first = await staff.ann.post(MEETINGS, json=body, headers=key)
    again = await staff.ann.post(MEETINGS, json=body, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = await staff.ann.post(MEETINGS, json=body | {"title": "U"}, headers=key)
    assert other.status_code == 422
    assert await news() == [("scheduled", 0, {})]
    meeting = first.json()
    stale = {"If-Match": '"v2"'}
    for method in ("PATCH", "DELETE"):
        refused = await staff.ann.request(method, path(meeting), json={"title": "U"}, headers=stale)
        assert (refused.status_code, refused.headers["etag"]) == (412, '"v1"')
    right = await staff.ann.patch(path(meeting), json={"title": "U"}, headers={"If-Match": '"v1"'})
    assert (right.status_code, right.headers["etag"]) == (200, '"v2"')


async def test_of_fifty_changes_at_once_none_is_lost(staff, schedule, sent):
    meeting = await schedule()
    titles = [f"Title {number}" for number in range(MANY)]
    changes = (staff.ann.patch(path(meeting), json={"title": title}) for title in titles)
    statuses = Counter(answer.status_code for answer in await asyncio.gather(*changes))
    # On a machine that does much else, some may be told that they waited too long: those changed nothing.
    assert statuses.keys() <= {200, 503}
    done = statuses[200]
    assert done > 1
    final = (await staff.ann.get(path(meeting))).json()
    assert (final["sequence"], final["version"]) == (done, done + 1)
    told = [payload["data"] for _, _, payload in await sent("meeting.changed.v1")]
    assert [data["sequence"] for data in told] == list(range(1, done + 1))
    assert len({data["title"] for data in told} & set(titles)) == done
    # Each was a change of what the one before it had left.
    left = [meeting["title"], *(data["title"] for data in told)]
    assert [data["before"]["title"] for data in told] == left[:-1]
    assert final["title"] == left[-1]


async def test_nobody_is_forgotten_who_comes_or_goes_while_their_team_is_asked(
    staff, database, apply, feed, oid, news
):
    asked = {"title": "T", "start": "2027-01-11", "end": "2027-01-12", "team_oids": [oid("team", 1)]}
    ann = Access(Caller(oid("user", 1), "ann", "employee", frozenset()))
    async with database.transaction() as session:
        await create_meeting(session, ann, NewMeeting(**asked))
        moves = [feed.change("d", 2, user=2, project=1, team=1)], [feed.change("c", 7, user=7, team=1)]
        following = [asyncio.create_task(apply(*changes)) for changes in moves]
        done, _ = await asyncio.wait(following, timeout=0.5)
        assert not done
    await asyncio.gather(*following)
    scheduled, *others = await news()
    assert scheduled == ("scheduled", 0, {2: "invite"})
    assert sorted(str(actions) for _, _, actions in others) == ["{2: 'cancel'}", "{7: 'invite'}"]


async def test_guests_answer_for_themselves_and_the_last_answer_counts(staff, schedule, users, news, oid):
    meeting = await schedule(attendee_oids=users(2), project_oid=str(oid("project", 1)))
    await news()

    async def answer(client, status):
        return await client.put(path(meeting, "response/"), json={"status": status})

    for status in ("accepted", "declined", "tentative"):
        given = await answer(staff.bob, status)
        assert (given.status_code, given.json()["status"]) == (200, status)
    assert (await answer(staff.eve, "accepted")).status_code == 403
    assert (await answer(staff.zoe, "accepted")).status_code == 404
    assert (await answer(staff.bob, "needs_action")).status_code == 422
    assert (await answer(staff.ann, "declined")).status_code == 200
    # An answer outlives the invitation, and changes neither the meeting nor anybody's mood.
    for people in ([], users(2)):
        await staff.ann.patch(path(meeting), json={"attendee_oids": people})
    detail = (await staff.ann.get(path(meeting))).json()
    assert [it["response"] for it in detail["attendees"]] == ["declined", "tentative"]
    assert (detail["version"], len(await news())) == (3, 2)


async def test_decisions_become_tasks(staff, schedule, users, oid, news):
    project = str(oid("project", 1))
    meeting = await schedule(attendee_oids=users(2), project_oid=project)
    body = {"title": "Ask Anna", "assignee_oid": users(2)[0], "deadline": "2027-01-15T12:00:00Z"}
    key = {"Idempotency-Key": "k"}
    for _ in range(2):
        made = await staff.bob.post(path(meeting, "action-items/"), json=body, headers=key)
        assert made.status_code == 201, made.text
    task = made.json()
    assert (task["project_oid"], task["reporter_oid"]) == (project, users(2)[0])
    assert made.headers["location"] == f"/api/tasks/{task['oid']}/"
    second = (await staff.max.post(path(meeting, "action-items/"), json={"title": "Chosen"})).json()
    assert second["assignee_oid"] is not None
    await staff.bob.patch(f"/api/tasks/{task['oid']}/", json={"title": "Ask her", "status": "cancelled"})
    shown = (await staff.ann.get(path(meeting))).json()
    assert (shown["version"], shown["action_items"][0]) == (
        1,
        {"task_oid": task["oid"], "title": "Ask her", "status": "cancelled", "open": False},
    )
    await staff.max.delete(f"/api/tasks/{task['oid']}/")
    assert [it["title"] for it in (await staff.ann.get(path(meeting))).json()["action_items"]] == ["Chosen"]
    refused = await staff.eve.post(path(meeting, "action-items/"), json=body)
    assert refused.status_code == 403
    # Another project than the meeting's, none at all, and one that is not seen.
    elsewhere = await schedule(staff.eve, attendee_oids=users(1))
    for client, where, asked, status in (
        (staff.ann, meeting, {"project_oid": str(oid("project", 2))}, 422),
        (staff.eve, elsewhere, {}, 422),
        (staff.ann, elsewhere, {"project_oid": str(oid("project", 2))}, 404),
        (staff.eve, elsewhere, {"project_oid": str(oid("project", 2)), "assignee_oid": None}, 201),
    ):
        answer = await client.post(path(where, "action-items/"), json={"title": "T"} | asked)
        assert answer.status_code == status, (asked, answer.text)
        if status == 422:
            assert answer.json()["errors"][0]["pointer"] == "/body/project_oid"
    assert len(await news()) == 2
