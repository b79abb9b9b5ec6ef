"""What the earlier implementation got wrong (S0's list), each from a door of the suite to another."""

import httpx2
import pytest

from harness.capture import Capture
from harness.company import Person
from harness.desk import Desk
from harness.rest import Rest
from harness.suite import Suite
from harness.waiting import until
from local_stack.demo.admin import Admin

ASSIGNMENT = "teams/userassignment"


async def test_an_assignment_without_a_team_is_saved_and_shown(admin: Admin, desk: Desk, tasks: Rest):
    """Defect 1: it crashed on save."""
    person, place = desk.company.people[0], desk.company.places[0]
    form = await admin.open_add(ASSIGNMENT)
    number = await form.save({"user": str(person.id), "project": str(place.project_id), "team": ""})
    shown = tasks.wait(f"/api/users/{person.oid}/", lambda user: user["assignments"])
    [assignment] = shown["assignments"]
    assert [assignment[name] for name in ("id", "team_oid", "team_name")] == [number, None, None]


def test_rows_that_are_older_than_the_connector_arrive(running: Suite, desk: Desk, tasks: Rest):
    """Defect 2: what a snapshot brought was dropped."""
    person = desk.company.people[0]
    capture = Capture(running.stack)
    capture.stop()
    try:
        capture.forget_position()
        capture.drop_slot()
        assignment = desk.assign(person, desk.company.places[1])
    finally:
        capture.resume()
        capture.close()
    shown = tasks.wait(f"/api/users/{person.oid}/", lambda user: user["assignments"])
    assert [it["id"] for it in shown["assignments"]] == [assignment]
    running.wait_shown(desk.ledger)
    assert running.notifications(desk.company.marker) == []


def test_a_person_may_have_two_assignments_and_a_team_two_members(desk: Desk, tasks: Rest):
    """Defect 3: the second one was lost, the end of the first removed the person, a team kept one member."""
    (ann, bob, *_), (_, team, other, *_) = desk.company.people, desk.company.places
    first, second, third = desk.assign(ann, team), desk.assign(ann, other), desk.assign(bob, team)
    user = tasks.wait(f"/api/users/{ann.oid}/", lambda user: user["assignments_total"] == 2)
    assert [it["id"] for it in user["assignments"]] == [first, second]
    team_oid = user["assignments"][0]["team_oid"]
    members = tasks.wait(f"/api/teams/{team_oid}/", lambda shown: shown["members_total"] == 2)["members"]
    assert {it["assignment_id"] for it in members} == {first, third}

    desk.end(first)
    user = tasks.wait(f"/api/users/{ann.oid}/", lambda user: user["assignments_total"] == 1)
    assert [it["id"] for it in user["assignments"]] == [second]
    assert [it["assignment_id"] for it in tasks.get(f"/api/teams/{team_oid}/")["members"]] == [third]
    desk.end(second)
    until(lambda: tasks.get(f"/api/users/{ann.oid}/") is None, "a person without assignments goes")


def test_an_error_of_the_service_s_own_database_loses_nothing(running: Suite, desk: Desk, tasks: Rest):
    """Defect 4: errors were swallowed while offsets moved on.

    Invariant 3: a database error is retried, and parks nothing.
    """
    person = desk.company.people[0]
    health = Rest(running.url("TASK_MEETING_CONSUMER_PORT"))

    def retries() -> float:
        lines = health.text("/metrics").splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("consumer_retries_total"))

    before = retries()
    running.tasks.sql.run("ALTER TABLE assignment RENAME TO assignment_away")
    try:
        assignment = desk.assign(person, desk.company.places[0])
        until(lambda: retries() > before, "the consumer tries again")
    finally:
        running.tasks.sql.run("ALTER TABLE assignment_away RENAME TO assignment")
    shown = tasks.wait(f"/api/users/{person.oid}/", lambda user: user["assignments"])
    assert [it["id"] for it in shown["assignments"]] == [assignment]
    assert running.tasks.sql.value("SELECT count(*) FROM parked_event") == 0
    assert running.problems(desk) == []


@pytest.mark.parametrize(
    ("model", "field", "shown_as"),
    [
        ("teams/project", "name", "project_name"),
        ("teams/team", "name", "team_name"),
        ("users/user", "last_name", "name"),
    ],
)
async def test_a_rename_reaches_the_api_and_mails_nobody(
    running: Suite, admin: Admin, desk: Desk, tasks: Rest, model, field, shown_as
):
    """Defect 5: it left stale copies, and no event. Invariant 2: nothing changed for the person."""
    person, place = desk.company.people[0], desk.company.places[1]
    desk.assign(person, place)
    running.wait_shown(desk.ledger)
    numbers = {"teams/project": place.project_id, "teams/team": place.team_id, "users/user": person.id}
    new = f"{desk.company.marker} Переименовано"
    form = await admin.open_change(model, numbers[model])
    await form.save({field: new})
    tasks.wait(
        f"/api/users/{person.oid}/",
        lambda user: new in (user | user["assignments"][0])[shown_as],
    )
    until(lambda: new in str(running.mails.living([person.oid])), "the notifier knows the new name")
    assert [row["kind"] for row in running.notifications(desk.company.marker)] == ["assigned"]


def test_every_change_is_mailed_and_a_restart_mails_nothing_again(
    running: Suite, desk: Desk, notifications: Rest
):
    """Defect 6: only a person's first assignment ever mailed, removals never, and a restart read all again.

    Invariant 2: one mail per change, to the person whom it concerns.
    """
    ann, bob, *_ = desk.company.people
    first, second = [desk.assign(ann, place) for place in desk.company.places[:2]]
    running.wait_shown(desk.ledger)
    running.wait_mailed(desk.company.marker)
    desk.hand_over(second, bob)
    desk.end(first)
    assert running.problems(desk) == []

    sent = {"recipient": ann.email, "state": "accepted"}
    to_ann = notifications.get("/notifications", **sent)["notifications"]
    assert sorted(it["kind"] for it in to_ann) == ["assigned", "assigned", "removed", "removed"]
    to_bob = notifications.get("/notifications", recipient=bob.email)["notifications"]
    assert [it["kind"] for it in to_bob] == ["assigned"]

    before = running.picture()
    _, consumer = running.consumers
    with running.without(consumer):
        running.stack.kill("notification-sender")
    desk.link(second, "https://apply.example/after-the-restart")
    assert running.problems(desk) == []
    new = [row for row in running.picture()["intents"] if row not in before["intents"]]
    assert len(new) == 1


async def test_only_the_right_password_gets_a_token(running: Suite, admin: Admin, desk: Desk):
    """Defect 7: it was never checked."""
    ann, bob, *_ = desk.company.people
    await admin.give_password(ann.id, "a password of Ann's own")
    issuer = Rest(running.stack.variables["AUTH_ISSUER"])

    def sign_in(person: Person, password: str) -> httpx2.Response:
        return issuer.ask("POST", "/api/token", data={"username": person.username, "password": password})

    refused = [sign_in(ann, "a password of Bob's own"), sign_in(ann, ""), sign_in(bob, "!"), sign_in(bob, "")]
    assert [answer.status_code for answer in refused] == [401, 422, 401, 422]
    assert not any("access_token" in answer.text for answer in refused)

    answer = sign_in(ann, "a password of Ann's own").raise_for_status().json()
    assert (answer["token_type"], answer["expires_in"] <= 15 * 60) == ("bearer", True)
    token = {"Authorization": f"Bearer {answer['access_token']}"}
    api = Rest(running.url("TASK_MEETING_API_PORT"))
    assert api.ask("GET", "/api/projects/", headers=token).status_code == 200
    assert api.ask("GET", "/api/projects/").status_code == 401
