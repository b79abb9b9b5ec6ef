"""Meetings and reminders from outside: people are mailed what their calendars need, and what is due, once."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream

from harness.company import Person
from harness.desk import Desk
from harness.events import arrival, faults
from harness.rest import Json, Rest
from harness.suite import Suite
from harness.waiting import until
from local_stack.demo.topics import MEETINGS, REMINDERS, Followed, follow

INVITED, CHANGED, CANCELLED = "invited", "meeting_changed", "meeting_cancelled"
GIVEN, DUE, SOON = "task_assigned", "task_reminder", "meeting_reminder"
MORTAL = ("task-meeting-jobs", "notification-consumer")
# How long before a meeting people are reminded of it.
QUARTER = timedelta(minutes=15)
Told = Callable[[Person, int], list[str]]


@pytest.fixture
def told(running: Suite) -> Told:
    """Wait until somebody was mailed so much about tasks and meetings; the kinds, in the order of coming."""

    def kinds(person: Person, count: int) -> list[str]:
        def sent() -> list[str]:
            rows = running.notifications(person.email)
            accepted = (row for row in rows if row["state"] == "accepted")
            ours = sorted(accepted, key=lambda row: row["accepted_at"])
            return [row["kind"] for row in ours if row["kind"] not in {"assigned", "removed"}]

        until(lambda: len(sent()) >= count, f"{person.username} is mailed")
        return sent()

    return kinds


@pytest.fixture
def calendars(running: Suite) -> Callable[[Person], list[Calendar]]:
    """What a strict parser reads in the mails that somebody got."""

    def read(person: Person) -> list[Calendar]:
        caught = running.mailbox.calendars(person.email)
        return [IcsCalendarStream.calendar_from_ics(text) for text in caught]

    return read


@pytest.fixture
def place(running: Suite, desk: Desk, tasks: Rest, ann: Person) -> Json:
    """A team with Ann and Bob in it, as the task service shows it."""
    for person in (ann, desk.company.people[1]):
        desk.assign(person, desk.company.places[1])
    running.wait_shown(desk.ledger)
    [assignment] = tasks.get(f"/api/users/{ann.oid}/")["assignments"]
    return assignment


def times(start: datetime, duration: timedelta) -> Json:
    """As somebody says them whose time zone is UTC."""
    return {
        name: at.strftime("%Y-%m-%dT%H:%M:%S") for name, at in (("start", start), ("end", start + duration))
    }


def schedule(organizer: Rest, place: Json, start: datetime) -> Json:
    where = {name: place[name] for name in ("project_oid", "team_oid")}
    body = {"title": "Планёрка", "time_zone": "UTC", **times(start, timedelta(hours=1)), **where}
    answer = organizer.ask("POST", "/api/meetings/", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_everybody_is_mailed_what_their_calendar_needs(
    running, desk, ann, anns_tasks, place, told, calendars
):
    """A meeting is scheduled, somebody joins the team, it is moved, somebody leaves, it is cancelled."""
    _, bob, cid, *_ = desk.company.people
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    later = tomorrow + timedelta(days=1)
    async with follow(running.stack.bootstrap_servers, [MEETINGS]) as followed:
        oid = schedule(anns_tasks, place, tomorrow)["oid"]
        assert told(bob, 1) == [INVITED]
        joined = desk.assign(cid, desk.company.places[1])
        assert told(cid, 1) == [INVITED]
        moved = anns_tasks.ask("PATCH", f"/api/meetings/{oid}/", json=times(later, timedelta(minutes=30)))
        assert moved.status_code == 200, moved.text
        assert (told(bob, 2), told(cid, 2)) == ([INVITED, CHANGED], [INVITED, CHANGED])
        desk.end(joined)
        assert told(cid, 3) == [INVITED, CHANGED, CANCELLED]
        assert anns_tasks.ask("DELETE", f"/api/meetings/{oid}/").status_code == 204
        assert told(bob, 3) == [INVITED, CHANGED, CANCELLED]
        events = await arrival(followed, about({oid}), 5)

    assert [fault for event in events for fault in faults(event)] == []
    assert running.wait_mailed(desk.company.marker)
    seen = {person: [(it.method, it.events[0].sequence) for it in calendars(person)] for person in (bob, cid)}
    assert seen[bob] == [("REQUEST", 0), ("REQUEST", 2), ("CANCEL", 4)]
    assert seen[cid] == [("REQUEST", 1), ("REQUEST", 2), ("CANCEL", 3)]
    objects = [calendar for person in (bob, cid) for calendar in calendars(person)]
    assert {event.uid for it in objects for event in it.events} == {f"meeting-{oid}@team-suite"}
    guests = {attendee.uri.removeprefix("mailto:") for attendee in objects[1].events[0].attendees}
    assert guests == {person.email for person in (ann, bob, cid)}
    assert calendars(ann) == [], "who does it knows of it"


async def test_whoever_dies_everybody_is_reminded_once(running, desk, ann, anns_tasks, place, told):
    """The process of jobs and the notifier's consumer are killed while tasks become due, and a meeting."""
    _, bob, *_ = desk.company.people
    now = datetime.now(UTC)
    near = [now + timedelta(minutes=minutes) for minutes in (20, 40)]
    async with follow(running.stack.bootstrap_servers, [REMINDERS]) as followed:
        due = [give(anns_tasks, place, bob, at) for at in near]
        soon = schedule(anns_tasks, place, now + QUARTER + timedelta(seconds=5))["oid"]
        await arrival(followed, about(set(due)), 1)
        for part in MORTAL:
            running.stack.kill(part)
        due += [give(anns_tasks, place, bob, at) for at in near]
        running.stack.wait_ready(*MORTAL)
        running.stack.kill("notification-consumer")
        events = await arrival(followed, about({*due, soon}), 5)
        kinds = Counter(told(bob, 10))
        wait_for_rest(running, due)

    assert kinds == {INVITED: 1, GIVEN: 4, DUE: 4, SOON: 1}
    assert told(ann, 1) == [SOON]
    assert len({event.key for event in events}) == 5, "each of them once"
    assert about_all(followed, {*due, soon}) == 5
    assert [fault for event in events for fault in faults(event)] == []
    assert set(running.mailbox.times(bob.email).values()) == {1}


def give(reporter: Rest, place: Json, person: Person, deadline: datetime) -> str:
    """A task with a deadline; returns its oid."""
    body = {"title": "Send the offer", "project_oid": place["project_oid"], "assignee_oid": str(person.oid)}
    answer = reporter.ask("POST", "/api/tasks/", json={**body, "deadline": deadline.isoformat()})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["oid"])


def about(oids: set[str]) -> Callable[[object], bool]:
    return lambda event: event.key in oids


def about_all(followed: Followed, oids: set[str]) -> int:
    return sum(event.key in oids for event in followed.events)


def wait_for_rest(running: Suite, tasks: list[str]) -> None:
    """Until the suite has nothing to say of the tasks before their deadlines."""
    query = """
        SELECT count(*) FROM reminder_plan AS p JOIN task AS t ON t.id = p.task_id
        WHERE t.oid = ANY(%s::uuid[]) AND p.next_at >= t.deadline
    """
    until(lambda: running.tasks.sql.value(query, [tasks]) == len(tasks), "the next look is at the deadline")
