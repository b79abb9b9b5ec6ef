"""People who leave a project: what becomes of their open tasks, in the transaction that takes them out."""

import asyncio
from collections import Counter

import pytest

from task_meeting.handlers import on_assignments_snapshot_read

LEFT = "left_project"


@pytest.fixture
def on_leave(query):
    """Let a project do this with the tasks of those who leave."""

    async def set_on_leave(project, what, strategy="random"):
        await query(
            "INSERT INTO project_settings VALUES (:project, '{}', :strategy, :what, 1)",
            project=project,
            what=what,
            strategy=strategy,
        )

    return set_on_leave


@pytest.fixture
def assignees(query):
    """How many tasks each person has."""

    async def count(where="true"):
        return Counter(it for (it,) in await query(f"SELECT assignee_oid FROM task WHERE {where}"))

    return count


async def test_open_tasks_of_a_leaver_wait_for_an_assignee_and_the_rest_stays(
    apply, feed, oid, fill, assignees, sent, query
):
    await apply(
        feed.change("c", 1),
        feed.change("c", 2, project=2, team=2),
        feed.change("c", 3, user=2),
    )
    ann, bob, project = oid("user", 1), oid("user", 2), oid("project", 1)
    await fill(project, [ann], 3)
    await fill(project, [ann], 2, status="done", is_open=False)
    await fill(project, [bob], 2)
    await fill(oid("project", 2), [ann], 4)
    await apply(feed.change("d", 1))
    assert await assignees(f"open AND project_oid = '{project}'") == {None: 3, bob: 2}
    assert await assignees("NOT open") == {ann: 2}
    assert await assignees(f"project_oid = '{oid('project', 2)}'") == {ann: 4}
    told = await sent()
    assert {type_ for type_, *_ in told} == {"task.unassigned.v1"}
    assert len({key for _, key, _ in told}) == len(told) == 3
    assert (
        told[0][2]["data"] | {"before": {"assignee_oid": str(ann)}, "actor_oid": None} == told[0][2]["data"]
    )
    assert await query("SELECT DISTINCT actor_oid, reason FROM task_change") == [(None, LEFT)]
    # The same again is no news.
    await apply(feed.change("d", 1))
    assert len(await sent()) == 3


async def test_a_project_may_have_them_given_to_others(apply, feed, oid, fill, assignees, on_leave, sent):
    await apply(*(feed.change("c", number, user=number) for number in range(1, 5)))
    await apply(feed.change("c", 5, user=5, team=2), feed.change("c", 6, user=1, project=2, team=3))
    project = oid("project", 1)
    await on_leave(project, "reassign", "round_robin")
    await on_leave(oid("project", 2), "reassign")
    await fill(project, [oid("user", 1)], 8)
    await fill(project, [oid("user", 1)], 2, team=oid("team", 2))
    await fill(oid("project", 2), [oid("user", 1)], 2)
    await apply(feed.change("d", 1), feed.change("d", 6, project=2, team=3))
    shares = {oid("user", number): 2 for number in (2, 3, 4, 5)}
    assert await assignees(f"project_oid = '{project}' AND team_oid IS NULL") == shares
    assert await assignees(f"team_oid = '{oid('team', 2)}'") == {oid("user", 5): 2}
    # Nobody is left there who could get them.
    assert await assignees(f"project_oid = '{oid('project', 2)}'") == {None: 2}
    assert Counter(type_ for type_, *_ in await sent()) == {"task.assigned.v1": 10, "task.unassigned.v1": 2}
    choices = [
        it["data"]["choice"]["strategy"] for type_, _, it in await sent() if type_ == "task.assigned.v1"
    ]
    assert set(choices) == {"round_robin"}


async def test_a_move_is_a_departure_and_a_return_within_a_batch_is_none(
    apply, feed, oid, fill, assignees, sent
):
    ann, project = oid("user", 1), oid("project", 1)
    await apply(feed.change("c", 1), feed.change("c", 2, team=2), feed.change("c", 3, user=3))
    await fill(project, [ann], 3)
    await apply(feed.change("d", 2, team=2))  # the other assignment goes on
    await apply(feed.change("u", 1, team=2), feed.change("u", 1, user_name="Anna"))
    await apply(feed.change("d", 1), feed.change("c", 4))
    await apply(feed.change("u", 4, project=2, team=3), feed.change("u", 4))
    await apply(feed.change("u", 4, project=2, team=3, lsn=5))  # older than what is known
    assert (await assignees(), await sent()) == ({ann: 3}, [])
    await apply(feed.change("u", 4, project=2, team=3))
    assert await assignees() == {None: 3}


async def test_an_assignment_that_becomes_another_persons_takes_the_first_one_out(
    apply, feed, oid, fill, assignees
):
    await apply(feed.change("c", 1))
    await fill(oid("project", 1), [oid("user", 1)], 1)
    await apply(feed.change("u", 1, user=2))
    assert await assignees() == {None: 1}
    await fill(oid("project", 1), [oid("user", 2)], 1)
    # A restored source counts its ids anew: what looks like a new row takes the place of an old one.
    await apply(feed.change("c", 1, user=3, epoch=2))
    assert await assignees() == {None: 2}


async def test_who_was_not_in_a_snapshot_has_left(apply, feed, oid, fill, assignees, database):
    await apply(*(feed.change("c", number, user=number) for number in (1, 2)))
    await fill(oid("project", 1), [oid("user", 1), oid("user", 2)], 4)
    boundaries = dict(feed.offsets)
    await apply(feed.change("r", 1, user=1, lsn=5000, row_lsn=1010))
    async with database.transaction() as session:
        assert await on_assignments_snapshot_read(session, boundaries) == 1
    assert await assignees() == {oid("user", 1): 2, None: 2}


async def test_only_changes_of_known_rows_are_asked_about_and_departures_take_few_statements(
    apply, feed, fill, oid, counted, on_leave, assignees, sent
):
    def batch(op, numbers, **more):
        return [feed.change(op, number, user=number, **more) for number in numbers]

    def asked(statements):
        """What is asked where people were, and which meetings it concerns."""
        return [sum(table in it for it in statements) for table in ("FROM assignment", "FROM meeting AS m")]

    # A pass before, so that no statement is only prepared.
    with counted() as creating:
        await apply(*batch("c", range(1, 4)))
    with counted() as renaming:
        await apply(*batch("u", range(1, 4), project_name="New"))
    assert (asked(creating), asked(renaming)) == ([0, 1], [1, 0])
    assert len(renaming) == len(creating)
    await apply(*batch("c", range(4, 1001)), feed.change("c", 1001, user=1001))
    project = oid("project", 1)
    await on_leave(project, "reassign", "least_loaded")
    await fill(project, [oid("user", number) for number in range(1, 1001)], 600)
    with counted() as leaving:
        await apply(*batch("d", range(1, 1001)))
    assert await assignees() == {oid("user", 1001): 600}
    assert len(leaving) < 60
    assert len(await sent("task.assigned.v1")) == 600


async def test_a_task_that_is_closed_while_its_assignee_leaves_stays_closed_and_theirs(
    apply, feed, oid, fill, assignees, database
):
    await apply(feed.change("c", 1))
    await fill(oid("project", 1), [oid("user", 1)], 2)
    async with database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE task SET open = false, status = 'done' WHERE id = 1")
        leaving = asyncio.create_task(apply(feed.change("d", 1)))
        done, _ = await asyncio.wait([leaving], timeout=0.2)
        assert not done
    await leaving
    assert await assignees() == {oid("user", 1): 1, None: 1}


@pytest.mark.parametrize("way", ["patch", "import"])
async def test_nobody_who_has_left_gets_a_task_that_is_reopened(way, apply, feed, oid, client, sent):
    await apply(feed.change("c", 1), feed.change("c", 2, user=2))
    new = {"title": "A", "project_oid": str(oid("project", 1)), "assignee_oid": str(oid("user", 1))}
    task = (await client.post("/api/tasks/", json=new)).json()
    path = f"/api/tasks/{task['oid']}/"
    assert (await client.patch(path, json={"status": "cancelled"})).status_code == 200
    await apply(feed.change("d", 1))
    assert (await client.get(path)).json()["assignee_oid"] == str(oid("user", 1))
    if way == "patch":
        reopened = (await client.patch(path, json={"status": "in_progress"})).json()
        assert (reopened["status"], reopened["assignee_oid"]) == ("in_progress", None)
        assert len(await sent("task.unassigned.v1")) == 1
        return
    row = {"oid": task["oid"], "status": "in_progress"}
    refused = await client.post("/api/tasks/import/", params={"format": "json"}, json=[row])
    assert [it["column"] for it in refused.json()["report"]["errors"]] == ["assignee_oid"]
    row["assignee_oid"] = str(oid("user", 2))
    report = await client.post("/api/tasks/import/", params={"format": "json"}, json=[row])
    assert report.json()["updated"] == 1


async def test_a_workflow_that_opens_tasks_again_gives_none_to_those_who_have_left(
    apply, feed, oid, fill, assignees, client, query, sent
):
    await apply(*(feed.change("c", number, user=number) for number in (1, 2)))
    ann, bob, project = oid("user", 1), oid("user", 2), oid("project", 1)
    await fill(project, [ann, bob, None], 6, status="done", is_open=False)
    await fill(project, [ann], 1, status="cancelled", is_open=False)
    await apply(feed.change("d", 1))
    where = f"/api/projects/{project}/settings/"
    settings = {key: (await client.get(where)).json()[key] for key in ("workflow", "strategy", "on_leave")}
    for status in settings["workflow"]["statuses"]:
        status |= {"final": status["name"] == "cancelled", "completed": False}
    assert (await client.put(where, json=settings)).status_code == 200
    assert await assignees("open") == {bob: 2, None: 4}
    assert await assignees("NOT open") == {ann: 1}
    assert await query("SELECT DISTINCT reason, count(*) FROM task_change GROUP BY 1") == [(LEFT, 2)]
    assert [it["data"]["before"] for _, _, it in await sent("task.unassigned.v1")] == [
        {"assignee_oid": str(ann)}
    ] * 2
