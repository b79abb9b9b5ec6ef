"""Tasks and tokens from outside: somebody signs in, works, and the topics tell of it."""

import uuid

import pytest

from harness.company import PASSWORD, Person
from harness.desk import Desk
from harness.events import arrival, faults
from harness.rest import Rest
from harness.suite import Suite
from local_stack.demo.topics import follow


@pytest.fixture
def project(running: Suite, desk: Desk, tasks: Rest, ann: Person) -> str:
    """The oid of a project with Ann and Bob in it."""
    for person in (ann, desk.company.people[1]):
        desk.assign(person, desk.company.places[0])
    running.wait_shown(desk.ledger)
    return tasks.get(f"/api/users/{ann.oid}/")["assignments"][0]["project_oid"]


async def test_what_is_done_to_tasks_is_told(running, desk, ann, anns_tasks, tasks, project):
    """By events that keep their contracts, in order, once each."""
    two = {str(person.oid) for person in desk.company.people[:2]}
    async with follow(running.stack.bootstrap_servers) as followed:
        done, left = [
            anns_tasks.ask("POST", "/api/tasks/", json={"title": title, "project_oid": project}).json()
            for title in ("Закрыть квартал", "Paint the wall")
        ]
        assert {done["assignee_oid"], left["assignee_oid"]} <= two
        for status in ("in_progress", "review", "done", "done"):
            answer = anns_tasks.ask("PATCH", f"/api/tasks/{done['oid']}/", json={"status": status})
            assert answer.status_code == 200, answer.text
        key = {"Idempotency-Key": str(uuid.uuid4())}
        asked = [
            tasks.ask("POST", "/api/tasks/reassign/", json={"project_oid": project}, headers=key)
            for _ in range(2)
        ]
        assert [answer.status_code for answer in asked] == [202, 202]
        job = asked[0].json()["oid"]
        assert asked[1].json()["oid"] == job
        tasks.wait(f"/api/reassign/{job}/", lambda shown: shown["status"] == "done")
        ours = {done["oid"], left["oid"], job}
        events = await arrival(followed, lambda event: event.key in ours, 10)

    assert [fault for event in events for fault in faults(event)] == []
    moved = "task.status-changed.v1"
    assert [event.type for event in events if event.key == done["oid"]] == [
        *("task.created.v1", "task.assigned.v1", moved, moved, moved, "task.completed.v1")
    ]
    *_, again = (event for event in events if event.key == left["oid"])
    [told] = (event for event in events if event.key == job)
    [other] = two - {left["assignee_oid"]}
    assert again.type == "task.assigned.v1"
    assert again.payload["data"]["assignee_oid"] == other
    assert told.payload["data"] == {left["oid"]: other}
    assert len({event.uid for event in events}) == len(events)


async def test_somebody_who_is_deactivated_gets_no_other_token(running, admin, ann):
    issuer = Rest(running.stack.variables["AUTH_ISSUER"])
    credentials = {"username": ann.username, "password": PASSWORD}
    assert issuer.ask("POST", "/api/token", data=credentials).status_code == 200
    form = await admin.open_change("users/user", ann.id)
    await form.save({"is_active": None})
    assert issuer.ask("POST", "/api/token", data=credentials).status_code == 401


@pytest.mark.parametrize(
    ("port", "path"),
    [("TASK_MEETING_API_PORT", "/api/tasks/"), ("NOTIFICATION_API_PORT", "/notifications")],
)
def test_without_a_token_nothing_is_answered(running, port, path):
    answer = Rest(running.url(port)).ask("GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"].startswith("Bearer")
