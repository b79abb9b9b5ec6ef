"""How a project works: its statuses and their moves, by its own settings or the default ones."""

import copy

import pytest

TASKS = "/api/tasks/"


@pytest.fixture
async def settings(apply, feed, oid):
    await apply(feed.change("c", 1, user=1, project=1))
    return f"/api/projects/{oid('project', 1)}/settings/"


@pytest.fixture
def kanban():
    """Two statuses, and a way back."""
    return {
        "workflow": {
            "initial": "todo",
            "statuses": [{"name": "todo"}, {"name": "ready", "final": True, "completed": True}],
            "moves": {"todo": ["ready"], "ready": ["todo"]},
        },
        "strategy": "round_robin",
        "on_leave": "reassign",
    }


async def test_a_project_has_default_settings_until_they_are_replaced(settings, client, sign_in, kanban):
    async with sign_in(1) as ann:
        before = await ann.get(settings)
        assert (before.json()["version"], before.headers["etag"]) == (0, '"v0"')
        assert before.json()["workflow"]["moves"]["review"] == ["done", "in_progress", "cancelled"]
        assert (await ann.put(settings, json=kanban)).status_code == 403
        first = await client.put(settings, json=kanban, headers={"If-Match": '"v0"'})
        assert (first.status_code, first.headers["etag"]) == (200, '"v1"')
        lost = await client.put(settings, json=kanban, headers={"If-Match": '"v0"'})
        assert (lost.status_code, lost.headers["etag"]) == (412, '"v1"')
        after = (await ann.get(settings)).json()
    assert after == first.json()
    assert (after["strategy"], after["on_leave"]) == ("round_robin", "reassign")


async def test_tasks_follow_the_workflow_of_their_project(settings, client, kanban, oid, sent):
    await client.put(settings, json=kanban)
    new = {"title": "T", "project_oid": str(oid("project", 1)), "assignee_oid": None}
    task = (await client.post(TASKS, json=new)).json()
    where = f"{TASKS}{task['oid']}/"
    assert task["status"] == "todo"
    refused = await client.patch(where, json={"status": "done"})
    assert (refused.status_code, refused.json()["allowed"]) == (409, ["ready"])
    assert (await client.patch(where, json={"status": "ready"})).json()["completed_at"]
    assert (await sent("task.completed.v1"))[0][2]["data"]["status"] == "ready"


async def test_a_status_that_tasks_have_cannot_be_taken_away(settings, client, kanban, oid):
    new = {"title": "T", "project_oid": str(oid("project", 1)), "assignee_oid": None}
    await client.post(TASKS, json=new)
    refused = await client.put(settings, json=kanban)
    assert (refused.status_code, refused.json()["statuses"]) == (409, ["new"])
    kanban["workflow"]["statuses"].append({"name": "new", "final": True})
    assert (await client.put(settings, json=kanban)).status_code == 200
    # It is no longer open: the workflow says so.
    assert (await client.get(TASKS, params={"status": "open"})).json()["total"] == 0
    assert (await client.get(TASKS, params={"status": "new"})).json()["total"] == 1


async def test_a_move_that_is_named_again_is_kept_once(settings, client, kanban):
    kanban["workflow"]["moves"] = {"todo": ["ready", "todo", "ready"] * 1000}
    kept = (await client.put(settings, json=kanban)).json()["workflow"]["moves"]
    assert kept == (await client.get(settings)).json()["workflow"]["moves"] == {"todo": ["ready", "todo"]}


async def test_a_workflow_must_make_sense(settings, client, kanban):
    def changed(**workflow):
        return {"workflow": kanban["workflow"] | workflow}

    two = kanban["workflow"]["statuses"]
    for wrong in (
        changed(initial="ready"),
        changed(initial="nowhere"),
        changed(statuses=[]),
        changed(statuses=[*two, two[0]]),
        changed(statuses=[*two, {"name": "open"}]),
        changed(statuses=[*two, {"name": "Done"}]),
        changed(statuses=[*two, {"name": "lost", "completed": True}]),
        changed(statuses=[*two, {"name": "lost", "final": 1}]),
        changed(statuses=[{"name": f"s{number}"} for number in range(31)], initial="s1", moves={}),
        changed(moves={"todo": ["lost"]}),
        changed(moves={"lost": ["todo"]}),
        changed(colour="red"),
        {"strategy": "by_name"},
        {"on_leave": "fire"},
        {"version": 3},
    ):
        answer = await client.put(settings, json=copy.deepcopy(kanban) | wrong)
        assert answer.status_code == 422, wrong
