"""Reminders of tasks: each person, each thing, once, and only what is true when they are reminded."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator
from prometheus_client import REGISTRY
from sqlalchemy import event, select, text

from service_kit.clock import SystemClock
from service_kit.schedules import Schedule, Scheduler
from service_kit.testing import ManualClock
from task_meeting.models import Task
from task_meeting.service.reminding.tasks import remind_of_tasks
from task_meeting.service.tasks.changing import Change, change
from task_meeting.worker import Work

TASKS = "/api/tasks/"
CONTRACT = Path(__file__).parents[3] / "contracts/events/reminder-bus.schema.json"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu")


def local(text, name):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(name)).astimezone(UTC)


@pytest.fixture
async def people(apply, feed):
    """Persons 1 to 3 of project 1, each in another zone."""
    await apply(
        *(feed.change("c", number, user=number, user_time_zone=ZONES[number - 1]) for number in (1, 2, 3))
    )


@pytest.fixture
def create(people, client, oid):
    """A new task of a person, due then."""

    async def create_task(number, deadline, **fields):
        new = {
            "title": f"Of person {number}",
            "project_oid": str(oid("project", 1)),
            "assignee_oid": str(oid("user", number)),
            "deadline": deadline.isoformat(),
            "deadline_time_zone": "Europe/Berlin",
        }
        answer = await client.post(TASKS, json=new | fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return create_task


@pytest.fixture
def patch(client):
    async def patch_task(task, **fields):
        answer = await client.patch(f"{TASKS}{task['oid']}/", json=fields)
        assert answer.status_code == 200, answer.text

    return patch_task


@pytest.fixture
def look(database):
    """Let a worker look at what is due at a moment, until nothing more is."""

    async def at(now):
        while await remind_of_tasks(database, ManualClock(now), size=2):
            pass

    return at


@pytest.fixture
def work_until(look, query):
    """Let a worker that is never late work up to a moment."""

    async def until(end):
        while (now := (await query("SELECT min(next_at) FROM reminder_plan"))[0][0]) and now <= end:
            await look(now)

    return until


@pytest.fixture
def reminders(sent):
    """The reminders so far, as (task, person, kind)."""

    async def told():
        return [
            (
                payload["data"]["task"]["oid"],
                payload["data"]["recipients"][0]["name"],
                payload["data"]["kind"],
            )
            for _, _, payload in await sent("reminder.due.v1")
        ]

    return told


async def test_people_hear_a_day_and_an_hour_before_and_each_morning_after_until_it_is_done(
    create, patch, work_until, query, reminders, sent
):
    """While the clocks in Berlin go forward, and in New York were two weeks earlier."""
    deadlines = ("2035-03-24T18:00", "2035-03-10T18:00", "2035-03-24T18:00")
    tasks = [
        await create(number, local(deadline, zone))
        for number, (deadline, zone) in enumerate(zip(deadlines, ZONES, strict=True), 1)
    ]
    await work_until(local("2035-03-11T12:00", ZONES[1]))
    for status in ("in_progress", "review", "done"):
        await patch(tasks[1], status=status)
    await work_until(local("2035-03-26T12:00", ZONES[0]))
    told = await query("SELECT user_oid, kind, occasion FROM reminder ORDER BY user_oid, occasion")
    assert [
        (f"{occasion.astimezone(ZoneInfo(ZONES[user.int % 2**64 - 1])):%m-%d %H:%M %z}", kind)
        for user, kind, occasion in told
    ] == [
        ("03-23 18:00 +0100", "task_day_before"),
        ("03-24 17:00 +0100", "task_hour_before"),
        ("03-25 09:00 +0200", "task_overdue"),
        ("03-26 09:00 +0200", "task_overdue"),
        ("03-09 18:00 -0500", "task_day_before"),
        ("03-10 17:00 -0500", "task_hour_before"),
        ("03-11 09:00 -0400", "task_overdue"),
        ("03-23 18:00 +0545", "task_day_before"),
        ("03-24 17:00 +0545", "task_hour_before"),
        ("03-25 09:00 +0545", "task_overdue"),
        ("03-26 09:00 +0545", "task_overdue"),
    ]
    assert len(await reminders()) == len(told)
    await check_event(sent, tasks[0])


async def check_event(sent, task):
    schema = Draft202012Validator(json.loads(CONTRACT.read_text()))
    events = await sent("reminder.due.v1")
    assert [error.message for *_, payload in events for error in schema.iter_errors(payload)] == []
    data = next(payload["data"] for _, key, payload in events if key == task["oid"])
    names = ("oid", "title", "project_oid", "priority", "status", "deadline", "deadline_time_zone")
    assert data["task"] == {"project_name": "Project 1"} | {name: task[name] for name in names}
    assert (data["meeting"], data["due_at"]) == (None, "2035-03-24T17:00:00.000Z")
    assert data["expires_at"] == "2035-03-24T16:00:00.000Z"
    assert data["recipients"] == [
        {
            "oid": task["assignee_oid"],
            "name": "User 1",
            "email": "user1@company.example",
            "locale": "ru",
            "time_zone": "Europe/Berlin",
        }
    ]


async def test_nobody_hears_of_what_is_not_theirs_to_do_any_more(
    create, patch, client, apply, feed, oid, look, reminders, query
):
    deadline = local("2035-06-01T12:00", ZONES[0])
    same, done, deleted, later, never, given, nobodys, lost = [await create(1, deadline) for _ in range(8)]
    left = await create(2, deadline)
    await look(deadline - DAY)
    assert len(await reminders()) == 9
    await patch(done, status="cancelled")
    assert (await client.delete(f"{TASKS}{deleted['oid']}/")).status_code == 204
    await patch(later, deadline=(deadline + DAY).isoformat())
    await patch(never, deadline=None)
    await patch(given, assignee_oid=str(oid("user", 3)))
    await patch(nobodys, assignee_oid=None)
    await apply(feed.change("d", 2, user=2))
    # What should not be: an assignee who is somewhere else.
    await apply(feed.change("c", 4, user=4, project=2, team=2))
    await query("UPDATE task SET assignee_oid = :user WHERE oid = :oid", user=oid("user", 4), oid=lost["oid"])
    await look(deadline - 2 * HOUR)
    assert (await reminders())[9:] == [(given["oid"], "User 3", "task_day_before")]
    await look(deadline - HOUR)
    assert sorted((await reminders())[10:]) == sorted(
        [
            (same["oid"], "User 1", "task_hour_before"),
            (given["oid"], "User 3", "task_hour_before"),
        ]
    )
    planned = "SELECT count(*) FROM reminder_plan JOIN task ON task.id = task_id WHERE oid = :oid"
    for task in (done, deleted, never, nobodys, left):
        assert await query(planned, oid=task["oid"]) == [(0,)]
    # Back to where it was: what they heard, they heard.
    for number in (3, 1):
        await patch(same, assignee_oid=str(oid("user", number)))
    await patch(later, deadline=deadline.isoformat())
    await patch(given, assignee_oid=str(oid("user", 1)))
    await look(deadline - HOUR)
    assert sorted((await reminders())[12:]) == sorted(
        [(later["oid"], "User 1", "task_hour_before"), (given["oid"], "User 1", "task_hour_before")]
    )
    await patch(later, deadline=(deadline + DAY).isoformat())
    await look(deadline)
    assert (await reminders())[14:] == [(later["oid"], "User 1", "task_day_before")]


async def test_tasks_that_a_new_workflow_opens_are_reminded_of_and_those_that_it_closes_are_not(
    create, patch, client, oid, look, reminders, query
):
    deadline = local("2035-06-01T12:00", ZONES[0])
    started, cancelled = [await create(1, deadline) for _ in range(2)]
    await patch(started, status="in_progress")
    await patch(cancelled, status="cancelled")
    statuses = [{"name": "in_progress", "final": True}, {"name": "cancelled"}]
    workflow = {"initial": "cancelled", "statuses": statuses, "moves": {"cancelled": ["in_progress"]}}
    settings = {"workflow": workflow, "strategy": "random", "on_leave": "unassign"}
    answer = await client.put(f"/api/projects/{oid('project', 1)}/settings/", json=settings)
    assert answer.status_code == 200, answer.text
    assert await query("SELECT next_at FROM reminder_plan") == [(deadline - DAY,)]
    await look(deadline - DAY)
    assert await reminders() == [(cancelled["oid"], "User 1", "task_day_before")]


async def test_a_task_that_is_being_reassigned_is_looked_at_when_that_is_done(
    create, database, oid, look, reminders
):
    deadline = local("2035-06-01T12:00", ZONES[0])
    task = await create(1, deadline)
    async with database.transaction() as session:
        changed = await session.get(Task, task["id"], with_for_update=True)
        await change(session, [Change(changed, {"assignee_oid": oid("user", 3)})])
        await look(deadline - DAY)
    assert await reminders() == []
    await look(deadline - DAY)
    assert await reminders() == [(task["oid"], "User 3", "task_day_before")]


@pytest.fixture
def due_tasks(fill, query, oid):
    """Tasks of person 1 with these deadlines in turns, planned when the first reminder of each was due."""

    async def insert(count, deadlines):
        await fill(oid("project", 1), [oid("user", 1)], count)
        await query(
            "UPDATE task SET deadline = deadlines[1 + id % cardinality(deadlines)],"
            " deadline_time_zone = 'UTC' FROM (SELECT CAST(:deadlines AS timestamptz[]) AS deadlines)",
            deadlines=deadlines,
        )
        await query("INSERT INTO reminder_plan SELECT id, deadline - interval '24 h' FROM task")

    return insert


async def eventually(condition):
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_after_an_outage_two_workers_send_one_reminder_of_what_is_true_now(
    people, due_tasks, database, query, reminders
):
    """Down from 05:00 to 11:00 in Berlin, where somebody has six kinds of deadlines."""
    begins, ends = local("2035-06-01T05:00", ZONES[0]), local("2035-06-01T11:00", ZONES[0])
    deadlines = [begins + hours * HOUR for hours in (2, 4.5, 6, 6.5, 25, 40)]
    await due_tasks(120, deadlines)
    before = ManualClock(begins)
    while await remind_of_tasks(database, before):
        pass
    assert Counter(kind for *_, kind in await reminders()) == {"task_day_before": 80}
    workers = [
        Scheduler(
            [Schedule("reminders", timedelta(seconds=5), partial(remind_of_tasks, database, clock, size=7))],
            clock=clock,
        )
        for clock in (ManualClock(ends), ManualClock(ends))
    ]
    running = [asyncio.create_task(worker.run()) for worker in workers]

    async def nothing_is_due():
        return await query("SELECT count(*) FROM reminder_plan WHERE next_at <= :now", now=ends) == [(0,)]

    await eventually(nothing_is_due)
    for worker in workers:
        worker.stop()
    await asyncio.gather(*running)
    caught_up = (await reminders())[80:]
    assert len(set(caught_up)) == len(caught_up)
    # Those due at 07:00 are overdue since 09:00, the others from 09:30 on only tomorrow.
    assert Counter(kind for *_, kind in caught_up) == {
        "task_overdue": 20,
        "task_hour_before": 20,
        "task_day_before": 20,
    }
    plans = await query("SELECT DISTINCT next_at > :now FROM reminder_plan", now=ends)
    assert plans == [(True,)]


async def test_changes_of_many_tasks_plan_in_one_statement_and_those_that_concern_nobody_in_none(
    people, due_tasks, database, query, oid
):
    await due_tasks(20, [datetime.now(UTC) + DAY / 2, datetime.now(UTC) + 9 * DAY])
    await query("UPDATE task SET deadline = NULL, deadline_time_zone = NULL WHERE id > 15")
    await query("DELETE FROM reminder_plan WHERE task_id > 15")
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    async def change_all(**fields):
        statements.clear()
        async with database.transaction() as session:
            tasks = await session.scalars(select(Task).order_by(Task.id).with_for_update())
            await change(session, [Change(task, fields) for task in tasks])
        asked = sum("reminder_plan" in it for it in statements)
        planned = await query("SELECT next_at > now() + interval '7 days' FROM reminder_plan ORDER BY 1")
        return asked, Counter(far for (far,) in planned)

    event.listen(database._engine.sync_engine, "before_cursor_execute", note)
    try:
        assert await change_all(title="Another") == (0, {False: 7, True: 8})
        assert await change_all(assignee_oid=oid("user", 2)) == (1, {False: 7, True: 8})
        assert await change_all(open=False, status="done") == (1, {})
        assert await change_all(assignee_oid=oid("user", 1)) == (0, {})
    finally:
        event.remove(database._engine.sync_engine, "before_cursor_execute", note)


async def test_a_worker_that_is_killed_in_the_middle_loses_nothing_and_repeats_nothing(
    people, due_tasks, database, query, oid, reminders, worker_process
):
    """The second chunk waits for somebody who writes the same reminder as its last one; then it is killed."""
    await due_tasks(510, [datetime.now(UTC).replace(microsecond=0) + DAY / 2])
    async with database.transaction() as somebody:
        await somebody.execute(
            text(
                "INSERT INTO reminder (subject_oid, user_oid, kind, due_at, occasion)"
                " SELECT oid, assignee_oid, 'task_day_before', deadline, deadline - interval '24 h'"
                " FROM task WHERE id = 510"
            )
        )
        with worker_process():

            async def first_chunk_done_and_second_waits():
                waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                done = "SELECT count(*) FROM sent WHERE type = 'reminder.due.v1'"
                return await query(f"SELECT ({done}), ({waits})") == [(500, 1)]

            await eventually(first_chunk_done_and_second_waits)
        await somebody.rollback()
    clock = SystemClock()

    async def nothing_is_due():
        while await remind_of_tasks(database, clock):
            pass
        return await query("SELECT count(*) FROM reminder_plan WHERE next_at <= now()") == [(0,)]

    await eventually(nothing_is_due)
    told = await reminders()
    assert len(told) == len(set(told)) == 510


async def test_a_metric_tells_how_late_reminders_are(people, due_tasks, database, query):
    await due_tasks(2, [datetime.now(UTC) + DAY - timedelta(seconds=90), datetime.now(UTC) + 2 * DAY])
    clock = SystemClock()
    await Work(database, clock).check()
    assert 90 <= REGISTRY.get_sample_value("reminders_late_seconds") < 100
    sent_before = REGISTRY.get_sample_value("reminders_sent_total", {"kind": "task_day_before"})
    assert not await remind_of_tasks(database, clock)
    await Work(database, clock).check()
    assert REGISTRY.get_sample_value("reminders_late_seconds") == 0
    sent = REGISTRY.get_sample_value("reminders_sent_total", {"kind": "task_day_before"})
    assert sent - sent_before == 1


async def test_housekeeping_forgets_reminders_that_can_never_be_due_again(database, query):
    await query(
        "INSERT INTO reminder (subject_oid, user_oid, kind, due_at, occasion, created_at)"
        " SELECT gen_random_uuid(), gen_random_uuid(), 'task_overdue', now(), now(),"
        " now() - age * interval '1 day' FROM unnest(ARRAY[29, 31]) AS age"
    )
    await Work(database, SystemClock()).keep_house()
    assert await query("SELECT now() - created_at < interval '30 days' FROM reminder") == [(True,)]
