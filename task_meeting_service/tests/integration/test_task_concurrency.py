"""Many at once: locks, and what they are for."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import text

from task_meeting.queries import project_settings

TASKS = "/api/tasks/"
MANY = 50


@pytest.fixture
async def new(apply, feed, oid):
    await apply(feed.change("c", 1, user=1, project=1))
    return {"title": "T", "project_oid": str(oid("project", 1)), "assignee_oid": None}


async def at_once(*requests):
    return Counter(answer.status_code for answer in await asyncio.gather(*requests))


async def test_fifty_completions_of_one_task_give_one_event(client, new, sent):
    task = (await client.post(TASKS, json=new)).json()
    where = f"{TASKS}{task['oid']}/"
    for status in ("in_progress", "review"):
        await client.patch(where, json={"status": status})
    done = await at_once(*(client.patch(where, json={"status": "done"}) for _ in range(MANY)))
    assert done == {200: MANY}
    assert len(await sent("task.completed.v1")) == 1
    assert (await client.get(where)).json()["version"] == 4


async def test_of_fifty_updates_of_one_version_one_wins(client, new, query):
    task = (await client.post(TASKS, json=new)).json()
    where, first = f"{TASKS}{task['oid']}/", {"If-Match": '"v1"'}
    answers = await at_once(
        *(client.patch(where, json={"title": f"T{number}"}, headers=first) for number in range(MANY))
    )
    assert answers == {200: 1, 412: MANY - 1}
    assert await query("SELECT count(*) FROM task_change WHERE version > 1") == [(1,)]


async def test_one_key_creates_one_task_however_often_it_comes_at_once(client, new, query, sent):
    key = {"Idempotency-Key": "same"}
    answers = await at_once(*(client.post(TASKS, json=new, headers=key) for _ in range(MANY)))
    assert answers.keys() <= {201, 409}
    assert answers[201] >= 1
    assert await query("SELECT count(*) FROM task") == [(1,)]
    assert len(await sent("task.created.v1")) == 1


async def test_a_status_is_not_taken_away_while_tasks_get_it(client, new, oid):
    settings = f"/api/projects/{oid('project', 1)}/settings/"
    workflow = {"initial": "new", "statuses": [{"name": "new"}], "moves": {}}
    body = {"workflow": workflow, "strategy": "random", "on_leave": "unassign"}
    tasks = [(await client.post(TASKS, json=new)).json() for _ in range(6)]
    move = {"status": "in_progress"}
    await asyncio.gather(
        *(client.patch(f"{TASKS}{task['oid']}/", json=move) for task in tasks),
        client.put(settings, json=body),
    )
    known = {it["name"] for it in (await client.get(settings)).json()["workflow"]["statuses"]}
    assert {task["status"] for task in (await client.get(TASKS)).json()["tasks"]} <= known


@pytest.fixture
def comment_during(client, database, waiting):
    """Comments on a task while somebody else's transaction changes tasks; the answer."""

    async def comment(task, statement):
        async with database.transaction() as somebody:
            await somebody.execute(text(statement))
            commenting = asyncio.create_task(
                client.post(f"{TASKS}{task['oid']}/comments/", json={"body": "Why?"})
            )
            await waiting()
        return await commenting

    return comment


async def test_a_comment_on_a_task_that_is_deleted_meanwhile_finds_none(client, new, comment_during, sent):
    task = (await client.post(TASKS, json=new)).json()
    assert (await comment_during(task, "DELETE FROM task")).status_code == 404
    assert await sent("task.commented.v1") == []


async def test_news_of_a_comment_tell_the_task_as_it_is_then(client, new, comment_during, sent):
    task = (await client.post(TASKS, json=new)).json()
    change = "UPDATE task SET version = 2, assignee_oid = project_oid"
    assert (await comment_during(task, change)).status_code == 201
    [(_, _, news)] = await sent("task.commented.v1")
    assert (news["data"]["version"], news["data"]["assignee_oid"]) == (2, task["project_oid"])


async def settings_of(session, oid):
    await project_settings.lock_settings(session, oid("project", 1))


async def people_of(session, _oid):
    await session.execute(text("UPDATE assignment SET deleted = deleted"))


@pytest.mark.parametrize("hold", [settings_of, people_of])
async def test_an_import_locks_no_task_while_it_waits_for_settings_or_people(
    client, new, oid, database, waiting, hold
):
    """Whoever holds those locks tasks next, so that each would wait for the other."""
    task = (await client.post(TASKS, json=new)).json()
    row = {key: task[key] for key in ("oid", "project_oid", "title")} | {"assignee_oid": str(oid("user", 1))}
    async with database.transaction() as somebody:
        await hold(somebody, oid)
        importing = asyncio.create_task(client.post(f"{TASKS}import/", params={"format": "json"}, json=[row]))
        await waiting()
        await somebody.execute(text("SELECT FROM task FOR UPDATE NOWAIT"))
    assert (await importing).json()["updated"] == 1
