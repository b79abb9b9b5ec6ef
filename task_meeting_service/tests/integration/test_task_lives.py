"""A task's life: created, changed, completed, told of, remembered, and deleted."""

import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from jsonschema import Draft202012Validator

from service_kit.http.cursor import encode_cursor

CONTRACT = Path(__file__).parents[3] / "contracts/events/task-bus.schema.json"
TASKS = "/api/tasks/"


@pytest.fixture
async def people(apply, feed):
    """Persons 1 and 2 in project 1, 1 in its team 1; person 3 in project 2; 4 manages project 1."""
    await apply(
        feed.change("c", 1, user=1, project=1, team=1),
        feed.change("c", 2, user=2, project=1, team=None),
        feed.change("c", 3, user=3, project=2, team=2),
        feed.change("c", 4, user=4, project=1, team=None, user_role="manager"),
    )


@pytest.fixture
async def ann(people, sign_in):
    async with sign_in(1) as it:
        yield it


@pytest.fixture
async def bob(people, sign_in):
    async with sign_in(2) as it:
        yield it


@pytest.fixture
async def manager(people, sign_in):
    async with sign_in(4, role="manager") as it:
        yield it


@pytest.fixture
def new(oid):
    """What to send for a new task of project 1, without an assignee."""
    return {"title": "Close the books", "project_oid": str(oid("project", 1)), "assignee_oid": None}


@pytest.fixture
def create(ann, new):
    async def create_task(**fields):
        answer = await ann.post(TASKS, json=new | fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return create_task


def path(task, rest=""):
    return f"{TASKS}{task['oid']}/{rest}"


async def move(client, task, *statuses):
    for status in statuses:
        answer = await client.patch(path(task), json={"status": status})
        assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_task_has_all_fields_and_is_found_by_oid_and_number(ann, create, oid):
    task = await create(
        description="Ask **Anna**",
        team_oid=str(oid("team", 1)),
        assignee_oid=str(oid("user", 2)),
        priority="high",
        labels=["q4", "счета"],
        deadline="2026-12-01T18:00:00.123456+03:00",
        deadline_time_zone="Europe/Moscow",
    )
    assert task == {
        "id": task["id"],
        "oid": task["oid"],
        "title": "Close the books",
        "description": "Ask **Anna**",
        "project_oid": str(oid("project", 1)),
        "team_oid": str(oid("team", 1)),
        "assignee_oid": str(oid("user", 2)),
        "reporter_oid": str(oid("user", 1)),
        "status": "new",
        "priority": "high",
        "labels": ["q4", "счета"],
        "deadline": "2026-12-01T15:00:00.123Z",
        "deadline_time_zone": "Europe/Moscow",
        "created_at": task["created_at"],
        "updated_at": task["created_at"],
        "completed_at": None,
        "version": 1,
    }
    for name in (task["oid"], task["id"]):
        found = await ann.get(f"{TASKS}{name}/")
        assert (found.json(), found.headers["etag"]) == (task, '"v1"')
    assert (await ann.get(path(task), headers={"If-None-Match": 'W/"v1"'})).status_code == 304
    assert (await ann.get(path(task), headers={"If-None-Match": '"v2"'})).status_code == 200


async def test_without_a_word_of_an_assignee_an_employee_of_the_project_is_chosen(ann, new, sent, oid):
    del new["assignee_oid"]
    task = (await ann.post(TASKS, json=new)).json()
    assert task["assignee_oid"] in {str(oid("user", 1)), str(oid("user", 2))}
    (assigned,) = await sent("task.assigned.v1")
    assert assigned[2]["data"]["choice"]["strategy"] == "random"


async def test_a_patch_changes_what_it_names_and_a_put_everything(ann, create, oid):
    task = await create(labels=["old"], deadline="2026-12-01T18:00:00Z")
    assert task["deadline_time_zone"] == "UTC"
    patched = (await ann.patch(path(task), json={"title": "Shut the books", "deadline": None})).json()
    assert patched == task | {
        "title": "Shut the books",
        "deadline": None,
        "deadline_time_zone": None,
        "updated_at": patched["updated_at"],
        "version": 2,
    }
    whole = {
        "title": "Burn the books",
        "description": "",
        "team_oid": None,
        "assignee_oid": str(oid("user", 2)),
        "status": "in_progress",
        "priority": "low",
        "labels": [],
        "deadline": "2027-01-01T00:00:00+00:00",
        "deadline_time_zone": "Asia/Tokyo",
    }
    replaced = (await ann.put(path(task), json=whole)).json()
    assert replaced.items() >= (whole | {"deadline": "2027-01-01T00:00:00.000Z", "version": 3}).items()
    again = await ann.put(path(task), json=whole)
    assert (again.status_code, again.json()) == (200, replaced)
    for left_out in whole:
        partly = {name: value for name, value in whole.items() if name != left_out}
        assert (await ann.put(path(task), json=partly)).status_code == 422, left_out


async def test_statuses_move_by_the_workflow_and_completing_twice_is_one_event(ann, create, sent):
    task = await create()
    refused = await ann.patch(path(task), json={"status": "done"})
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["present"], refused.json()["allowed"]) == ("new", ["in_progress", "cancelled"])
    assert (await ann.patch(path(task), json={"status": "unheard_of"})).status_code == 409
    done = await move(ann, task, "in_progress", "review", "done")
    assert done["completed_at"] == done["updated_at"]
    assert await move(ann, task, "done") == done
    assert len(await sent("task.completed.v1")) == 1
    reopened = await move(ann, task, "in_progress")
    assert reopened["completed_at"] is None
    await move(ann, task, "cancelled")
    assert [type_ for type_, *_ in await sent()] == [
        "task.created.v1",
        "task.status-changed.v1",
        "task.status-changed.v1",
        "task.status-changed.v1",
        "task.completed.v1",
        "task.status-changed.v1",
        "task.reopened.v1",
        "task.status-changed.v1",
    ]


async def test_an_update_of_another_version_is_refused(ann, create):
    task = await create()
    first = await ann.patch(path(task), json={"title": "Mine"}, headers={"If-Match": '"v1"'})
    assert (first.status_code, first.headers["etag"]) == (200, '"v2"')
    for method in ("PATCH", "PUT"):
        body = {"title": "Yours"} if method == "PATCH" else whole(first.json()) | {"title": "Yours"}
        lost = await ann.request(method, path(task), json=body, headers={"If-Match": '"v1"'})
        assert (lost.status_code, lost.headers["etag"]) == (412, '"v2"')
    assert (await ann.get(path(task))).json()["title"] == "Mine"
    assert (await ann.patch(path(task), json={"title": "All"}, headers={"If-Match": "*"})).status_code == 200


def whole(task):
    fixed = {
        "id",
        "oid",
        "project_oid",
        "reporter_oid",
        "created_at",
        "updated_at",
        "completed_at",
        "version",
    }
    return {name: value for name, value in task.items() if name not in fixed}


async def test_the_history_says_who_when_before_and_after(ann, bob, manager, create, oid, client):
    task = await create(assignee_oid=str(oid("user", 2)))
    await move(bob, task, "in_progress")
    last = (await ann.patch(path(task), json={"description": "Now.", "labels": ["a"]})).json()
    history = (await ann.get(path(task, "history/"))).json()["changes"]
    assert [it["version"] for it in history] == [1, 2, 3]
    assert [it["actor_oid"] for it in history] == [str(oid("user", number)) for number in (1, 2, 1)]
    assert history[0]["before"] == {}
    assert history[0]["after"]["title"] == "Close the books"
    assert (history[1]["before"], history[1]["after"]) == ({"status": "new"}, {"status": "in_progress"})
    assert history[2]["before"] == {"description": "", "labels": []}
    assert history[2]["after"] == {"description": "Now.", "labels": ["a"]}
    assert history[2]["changed_at"] == last["updated_at"]
    page = (await ann.get(path(task, "history/"), params={"size": 2})).json()
    assert [it["version"] for it in page["changes"]] == [1, 2]
    rest = {"size": 2, "cursor": page["next_cursor"]}
    page = (await ann.get(path(task, "history/"), params=rest)).json()
    assert ([it["version"] for it in page["changes"]], page["next_cursor"]) == ([3], None)
    other = await create()
    assert (await ann.get(path(other, "history/"), params=rest)).status_code == 422
    for part in ("history", "comments"):
        beyond = encode_cursor((2**63 - 1,), (part, UUID(task["oid"])))
        answer = await ann.get(path(task, f"{part}/"), params={"cursor": beyond})
        assert (answer.status_code, answer.json()["next_cursor"]) == (200, None)


async def test_every_event_is_as_the_contract_says_and_never_holds_the_description(
    ann, manager, create, sent, oid
):
    task = await create(assignee_oid=str(oid("user", 2)), description="secret")
    await ann.patch(path(task), json={"assignee_oid": None, "description": "more secrets"})
    await ann.patch(path(task), json={"title": "T", "assignee_oid": str(oid("user", 1))})
    await move(ann, task, "in_progress", "review", "done", "in_progress")
    await ann.post(path(task, "comments/"), json={"body": "a secret comment"})
    assert (await manager.delete(path(task))).status_code == 204
    told = await sent()
    assert {type_ for type_, *_ in told} == {
        "task.created.v1",
        "task.assigned.v1",
        "task.unassigned.v1",
        "task.updated.v1",
        "task.status-changed.v1",
        "task.completed.v1",
        "task.reopened.v1",
        "task.commented.v1",
        "task.deleted.v1",
    }
    check = Draft202012Validator(
        json.loads(CONTRACT.read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    for type_, key, event in told:
        assert not [error.message for error in check.iter_errors(event)], type_
        assert key == event["task_uid"] == task["oid"]
        assert "secret" not in json.dumps(event)
        kind = {"task.created.v1": "create", "task.deleted.v1": "delete"}.get(type_, "update")
        assert event["type"] == kind
    moved = [event["data"] for type_, _, event in told if type_ == "task.completed.v1"]
    assert (moved[0]["before"]["status"], moved[0]["actor_oid"]) == ("review", str(oid("user", 1)))


async def test_what_fails_writes_nothing_and_tells_nothing(ann, create, new, sent, query, oid):
    task = await create()
    before = len(await sent())
    assert (await ann.patch(path(task), json={"title": "T", "status": "review"})).status_code == 409
    for body in ({"assignee_oid": str(oid("user", 3))}, {"team_oid": str(oid("team", 2))}):
        assert (await ann.patch(path(task), json={"title": "T", **body})).status_code == 422
        assert (await ann.post(TASKS, json=new | body)).status_code == 422
    assert (await ann.get(path(task))).json() == task
    assert len(await sent()) == before
    assert await query("SELECT count(*) FROM task_change") == [(1,)]


async def test_nobody_eligible_is_409_and_no_task(manager, apply, feed, new, query):
    await apply(feed.change("d", 1, user=1, project=1), feed.change("d", 2, user=2, project=1, team=None))
    del new["assignee_oid"]
    assert (await manager.post(TASKS, json=new)).status_code == 409
    assert await query("SELECT count(*) FROM task") == [(0,)]


async def test_the_same_key_creates_one_task(ann, new, query):
    key = {"Idempotency-Key": "once"}
    first, second = [await ann.post(TASKS, json=new, headers=key) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.headers["location"] == second.headers["location"] == path(first.json())
    assert second.headers["idempotency-replayed"] == "true"
    other = await ann.post(TASKS, json=new | {"title": "Other"}, headers=key)
    assert other.status_code == 422
    assert await query("SELECT count(*) FROM task") == [(1,)]


async def test_a_deleted_task_is_gone_and_its_history_stays(manager, create, query):
    task = await create()
    await manager.post(path(task, "comments/"), json={"body": "Why?"})
    stale = await manager.delete(path(task), headers={"If-Match": '"v9"'})
    assert stale.status_code == 412
    assert (await manager.delete(path(task))).status_code == 204
    for rest in ("", "history/", "comments/"):
        assert (await manager.get(path(task, rest))).status_code == 404
    assert (await manager.delete(path(task))).status_code == 404
    assert await query("SELECT count(*) FROM task_comment") == [(0,)]
    assert await query("SELECT version, after FROM task_change ORDER BY version DESC LIMIT 1") == [(2, {})]


async def test_people_change_their_own_tasks_and_see_their_projects(
    ann, bob, manager, sign_in, create, new, oid
):
    task = await create()
    change = {"json": {"title": "Changed"}}
    assert (await bob.get(path(task))).status_code == 200
    assert (await bob.patch(path(task), **change)).status_code == 403
    assert (await bob.delete(path(task))).status_code == 403
    assert (await ann.delete(path(task))).status_code == 403
    assert (await manager.patch(path(task), json={"assignee_oid": str(oid("user", 2))})).status_code == 200
    assert (await bob.patch(path(task), **change)).status_code == 200
    async with sign_in(3, role="manager") as stranger:
        for method, rest in (
            ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "history/"), ("GET", "comments/"),
            ("POST", "comments/"),
        ):  # fmt: skip
            body = (
                {"json": {"body": "Hi"} if rest else {"title": "Hi"}} if method in ("PATCH", "POST") else {}
            )
            answer = await stranger.request(method, path(task, rest), **body)
            assert answer.status_code == 404, (method, rest)
        assert (await stranger.post(TASKS, json=new)).status_code == 404
        assert (await stranger.get(TASKS, params={"project_oid": new["project_oid"]})).json()["tasks"] == []
        settings = f"/api/projects/{new['project_oid']}/settings/"
        assert (await stranger.get(settings)).status_code == 404
    async with sign_in(9, role="admin") as admin:
        assert (await admin.get(path(task))).status_code == 200
        assert (await admin.post(TASKS, json=new)).status_code == 201
        assert (await admin.post(TASKS, json=new | {"project_oid": str(uuid4())})).status_code == 404
    async with sign_in(1, permissions=["tasks.read"]) as reader:
        assert (await reader.get(path(task))).status_code == 200
        assert (await reader.patch(path(task), **change)).status_code == 403


async def test_comments_are_written_by_whoever_sees_a_task_and_edited_by_their_authors(ann, bob, create):
    task = await create()
    first = await bob.post(path(task, "comments/"), json={"body": "Why?"}, headers={"Idempotency-Key": "c"})
    again = await bob.post(path(task, "comments/"), json={"body": "Why?"}, headers={"Idempotency-Key": "c"})
    assert (first.status_code, again.content) == (201, first.content)
    await ann.post(path(task, "comments/"), json={"body": "Because."})
    where = first.headers["location"]
    assert (await ann.patch(where, json={"body": "Mine now"})).status_code == 403
    assert (await ann.delete(where)).status_code == 403
    edited = await bob.patch(where, json={"body": "When?"}, headers={"If-Match": '"v1"'})
    assert (edited.json()["body"], edited.headers["etag"]) == ("When?", '"v2"')
    assert (await bob.patch(where, json={"body": "Who?"}, headers={"If-Match": '"v1"'})).status_code == 412
    page = (await ann.get(path(task, "comments/"), params={"size": 1})).json()
    assert [it["body"] for it in page["comments"]] == ["When?"]
    page = (await ann.get(path(task, "comments/"), params={"cursor": page["next_cursor"]})).json()
    assert ([it["body"] for it in page["comments"]], page["next_cursor"]) == (["Because."], None)
    other = await create()
    elsewhere = where.replace(task["oid"], other["oid"])
    assert (await bob.patch(elsewhere, json={"body": "x"})).status_code == 404
    assert (await bob.get(elsewhere)).status_code == 404
    assert (await bob.delete(where)).status_code == 204
    assert (await bob.delete(where)).status_code == 404
    assert (await bob.get(where)).status_code == 404


async def test_a_new_comment_is_where_its_answer_says(ann, bob, create):
    made = await bob.post(path(await create(), "comments/"), json={"body": "Why?"})
    where = made.headers["location"]
    shown = await ann.get(where)
    assert (shown.status_code, shown.json(), shown.headers["etag"]) == (200, made.json(), '"v1"')
    known = await ann.get(where, headers={"If-None-Match": '"v1"'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", '"v1"')
    await bob.patch(where, json={"body": "When?"})
    edited = await ann.get(where, headers={"If-None-Match": '"v1"'})
    assert (edited.json()["body"], edited.headers["etag"]) == ("When?", '"v2"')
