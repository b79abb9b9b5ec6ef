"""Who sees which meetings: one by one, in lists, and as what is in the way of others."""

from datetime import UTC, datetime, timedelta

import pytest

MEETINGS = "/api/meetings/"


def path(meeting, rest=""):
    return f"{MEETINGS}{meeting['oid']}/{rest}"


async def test_guests_and_the_project_see_a_meeting_and_who_organizes_or_manages_changes_it(
    staff, schedule, users, oid
):
    of_project = await schedule(project_oid=str(oid("project", 1)), attendee_oids=users(2))
    private = await schedule(staff.max, attendee_oids=users(2))
    of_team = await schedule(staff.eve, team_oids=[str(oid("team", 2))])
    expected = {
        # Of each: what showing it, changing it and writing its minutes is answered.
        (of_project["oid"], "ann"): (200, 200, 200),
        (of_project["oid"], "bob"): (200, 403, 200),
        (of_project["oid"], "eve"): (200, 403, 403),
        (of_project["oid"], "max"): (200, 200, 200),
        (of_project["oid"], "zoe"): (404, 404, 404),
        (private["oid"], "max"): (200, 200, 200),
        (private["oid"], "bob"): (200, 403, 200),
        (private["oid"], "ann"): (404, 404, 404),
        (of_team["oid"], "eve"): (200, 200, 200),
        (of_team["oid"], "zoe"): (200, 403, 200),
        (of_team["oid"], "max"): (404, 404, 404),
    }
    answered = {}
    for meeting, name in expected:
        client, where = getattr(staff, name), f"{MEETINGS}{meeting}/"
        answered[meeting, name] = (
            (await client.get(where)).status_code,
            (await client.patch(where, json={"title": "U"})).status_code,
            (await client.patch(where, json={"minutes": f"By {name}"})).status_code,
        )
    assert answered == expected
    # A manager who is only asked does not manage what is of no project of theirs.
    asked = await schedule(staff.bob, attendee_oids=users(4))
    assert (await staff.max.patch(path(asked), json={"title": "U"})).status_code == 403


async def test_only_people_and_teams_that_one_sees_are_asked_but_who_is_asked_stays(
    staff, schedule, users, oid, sign_in
):
    mixed = await schedule(staff.eve, project_oid=str(oid("project", 1)), attendee_oids=users(3))
    # Max does not see Zoe, whom Eve has asked, and may leave her there.
    kept = await staff.max.patch(path(mixed), json={"attendee_oids": users(3, 2)})
    assert kept.json()["attendee_oids"] == users(2, 3)
    for field, people in (("attendee_oids", users(2, 3)), ("team_oids", [str(oid("team", 2))])):
        body = {"title": "T", "start": "2027-01-11", "end": "2027-01-12", field: people}
        refused = await staff.max.post(MEETINGS, json=body)
        pointer = f"/body/{field}/{len(people) - 1}"
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    no_team = {"title": "T", "start": "2027-01-11", "end": "2027-01-12", "team_oid": str(oid("team", 2))}
    for project in ({}, {"project_oid": str(oid("project", 1))}):
        assert (await staff.eve.post(MEETINGS, json=no_team | project)).status_code == 422
    # Invitations need a name and an address, which only assignments tell.
    async with sign_in(77, "admin") as unknown:
        answer = await unknown.post(MEETINGS, json={"title": "T", "start": "2027-01-11", "end": "2027-01-12"})
        assert answer.status_code == 409


async def test_a_meeting_shows_its_action_items_to_those_who_see_them_as_tasks(
    staff, schedule, users, oid, sign_in
):
    """Being asked to a meeting would else show for ever what becomes of another project's work."""
    meeting = await schedule(staff.eve, attendee_oids=users(1, 3))
    for number in (1, 2):
        item = {"title": f"Of {number}", "project_oid": str(oid("project", number)), "assignee_oid": None}
        assert (await staff.eve.post(path(meeting, "action-items/"), json=item)).status_code == 201

    async def shown(client):
        answer = await client.get(path(meeting))
        assert answer.status_code == 200, answer.text
        return [it["title"] for it in answer.json()["action_items"]]

    assert await shown(staff.eve) == ["Of 1", "Of 2"]
    assert await shown(staff.ann) == ["Of 1"]
    assert await shown(staff.zoe) == ["Of 2"]
    async with sign_in(9, "admin") as admin, sign_in(5, permissions=["meetings.read"]) as planner:
        assert await shown(admin) == ["Of 1", "Of 2"]
        assert await shown(planner) == []


@pytest.fixture
def titles(staff):
    """The titles of a list, the newest first."""

    async def listed(client=staff.ann, **filters):
        answer = await client.get(MEETINGS, params=filters)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert (page["total"], page["total_is_exact"]) == (len(page["meetings"]), True)
        return "".join(meeting["title"] for meeting in page["meetings"])

    return listed


async def test_lists_hold_what_matches_all_filters(staff, schedule, users, oid, titles):
    one, two = str(oid("project", 1)), str(oid("team", 2))
    await schedule(title="A", project_oid=one, start="2027-02-01T10:00", end="2027-02-01T11:00")
    await schedule(staff.bob, title="B", project_oid=one, recurrence="FREQ=WEEKLY;COUNT=6")
    await schedule(staff.eve, title="C", team_oids=[two], start="2027-02-01", end="2027-02-10")
    await schedule(staff.eve, title="D", attendee_oids=users(1))
    cancelled = await schedule(staff.zoe, title="E")
    await staff.zoe.delete(path(cancelled))
    assert (await titles(), await titles(staff.bob), await titles(staff.zoe)) == ("DBA", "BA", "EC")
    assert await titles(staff.eve) == "DCBA"
    eve = staff.eve
    for filters, found in (
        ({"project_oid": one}, "BA"),
        ({"project_oid": str(oid("project", 2))}, ""),
        ({"team_oid": two}, "C"),
        ({"user_oid": users(5)[0]}, "DC"),
        ({"user_oid": users(3)[0]}, "C"),
        ({"mine": True}, "DC"),
        ({"mine": True, "search": "d"}, "D"),
        ({"status": "cancelled"}, ""),
        ({"search": "nothing"}, ""),
        # What ends at `from`, or begins at `to`, does not count. Bob and Eve are in Moscow, Ann in Berlin.
        ({"from": "2027-01-31T23:00:00Z", "to": "2027-02-01T09:00:00Z"}, "CB"),
        ({"from": "2027-02-01T09:00:00Z", "to": "2027-02-01T10:00:00Z"}, "CA"),
        ({"from": "2027-02-09T12:00:00+01:00", "project_oid": one}, "B"),
        ({"from": "2027-02-16T00:00:00Z"}, ""),
        ({"to": "2027-01-11T07:00:01Z"}, "DB"),
        ({"to": "2027-01-11T07:00:00Z"}, ""),
    ):
        assert await titles(eve, **filters) == found, filters
    assert await titles(staff.zoe, status="cancelled") == "E"
    first = (await eve.get(MEETINGS, params={"size": 3})).json()
    rest = (await eve.get(MEETINGS, params={"size": 3, "cursor": first["next_cursor"]})).json()
    assert [it["title"] for it in first["meetings"] + rest["meetings"]] == list("DCBA")
    assert (rest["total"], rest["next_cursor"]) == (4, None)
    for wrong in (
        {"size": 0},
        {"cursor": "x"},
        {"cursor": first["next_cursor"], "mine": True},
        {"from": "2027-01-01"},
        {"from": "2027-01-02T00:00:00Z", "to": "2027-01-01T00:00:00Z"},
        {"page": 1},
        {"status": "open"},
    ):
        assert (await eve.get(MEETINGS, params=wrong)).status_code == 422, wrong


async def test_what_is_in_the_way_is_shown_and_what_is_not_seen_has_no_name(staff, schedule, users, oid):
    team = [str(oid("team", 1))]
    meeting = await schedule(attendee_oids=users(2, 5), recurrence="FREQ=WEEKLY;COUNT=3")

    async def conflicts():
        found = (await staff.ann.get(path(meeting))).json()["conflicts"]
        return [(it["name"], it["start"][5:13], it["title"]) for it in found]

    assert await conflicts() == []
    # What ends when it begins, or begins when it ends, is not in the way.
    await schedule(title="Before", start="2027-01-11T09:00", end="2027-01-11T10:00")
    await schedule(title="After", start="2027-01-11T11:00", end="2027-01-11T12:00")
    by_name = await schedule(staff.bob, title="By name", start="2027-01-11T12:30", end="2027-01-11T13:00")
    await schedule(
        staff.max, title="By team", team_oids=team, start="2027-01-18T12:59", end="2027-01-18T14:00"
    )
    long = await schedule(staff.eve, title="Long", start="2027-01-24", end="2027-01-27", time_zone="UTC")
    seen = [
        ("User 1", "01-18T09", "By team"),
        ("User 2", "01-18T09", "By team"),
        ("User 5", "01-24T00", None),
    ]
    assert await conflicts() == [("User 2", "01-11T09", None), *seen]
    # Who declined, or whose meeting is cancelled, has time; and who does not come needs none.
    await staff.bob.patch(path(by_name), json={"attendee_oids": users(1)})
    assert (await conflicts())[:2] == [("User 1", "01-11T09", "By name"), ("User 2", "01-11T09", "By name")]
    await staff.ann.put(path(by_name, "response/"), json={"status": "declined"})
    assert (await conflicts())[0] == ("User 2", "01-11T09", "By name")
    await staff.bob.delete(path(by_name))
    assert await conflicts() == seen
    await staff.eve.put(path(meeting, "response/"), json={"status": "declined"})
    assert await conflicts() == seen[:2]
    await staff.eve.delete(path(long))

    async def ask(client=staff.ann, **fields):
        body = {"start": "2027-01-18T10:00", "end": "2027-01-18T11:00"} | fields
        answer = await client.post(f"{MEETINGS}conflicts/", json=body)
        return [(it["name"], it["title"]) for it in answer.json().get("conflicts", [])], answer.status_code

    both = [("User 1", "Close the books"), ("User 1", "By team")]
    assert await ask() == (both, 200)
    assert await ask(except_oid=meeting["oid"]) == (both[1:], 200)
    assert len((await ask(team_oids=team))[0]) == 4
    # For Bob's change of Ann's meeting, Ann is the one who has to have time.
    assert await ask(staff.bob, except_oid=meeting["oid"], time_zone="Europe/Berlin") == (both[1:], 200)
    assert (await ask(attendee_oids=users(3)))[1] == 422
    assert (await ask(staff.zoe, except_oid=meeting["oid"]))[1] == 404
    assert (await ask(start="2027-01-18T12:00"))[1] == 422


async def test_only_what_is_to_come_is_looked_at_and_only_so_much(staff, schedule, users):
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

    def at(days):
        start = today + timedelta(days=days)
        return {
            "start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "end": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        }

    daily = {"recurrence": "FREQ=DAILY", "time_zone": "UTC"}
    meeting = await schedule(**at(-20), **daily)
    for _ in range(6):
        await schedule(**at(-30), **daily)
    shown = (await staff.ann.get(path(meeting))).json()
    days = sorted({it["start"][:10] for it in shown["conflicts"]})
    assert [it["start"][:10] for it in shown["next_occurrences"]][: len(days)] == days
    assert (len(shown["next_occurrences"]), len(shown["conflicts"])) == (10, 50)
    assert days[0] >= f"{today:%Y-%m-%d}"
