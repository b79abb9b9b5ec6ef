"""Following the assignments: what the API shows after changes came, in whatever order and number."""

import asyncio
import random

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from task_meeting.handlers import on_assignments_snapshot_read
from task_meeting.models import Base


async def names(get, what, **parameters):
    return [item["name"] for item in (await get(f"/api/{what}/", **parameters))[what]]


async def state(database):
    """Everything that was projected."""
    tables = ("assignment", "person", "project", "team")
    async with database.read() as session:
        rows = {table: await session.execute(text(f"SELECT * FROM {table} ORDER BY 1")) for table in tables}
        return {table: result.all() for table, result in rows.items()}


async def test_an_assignment_without_a_team_shows_the_person_and_the_project(apply, feed, get, oid):
    await apply(feed.change(team=None))
    user = await get(f"/api/users/{oid('user', 1)}/")
    assert [(it["project_name"], it["team_oid"]) for it in user["assignments"]] == [("Project 1", None)]
    assert await names(get, "teams") == []


async def test_rows_older_than_the_connector_arrive_by_its_snapshot(apply, feed, get):
    await apply(feed.change("r", 1, row_lsn=10), feed.change("r", 2, user=2, row_lsn=20))
    assert await names(get, "users") == ["User 1", "User 2"]


async def test_a_person_with_two_assignments_has_two_and_stays_while_one_is_left(
    apply, feed, get, client, oid
):
    user = f"/api/users/{oid('user', 1)}/"
    await apply(feed.change("c", 1, team=1), feed.change("c", 2, team=2))
    assert [it["id"] for it in (await get(user))["assignments"]] == [1, 2]
    await apply(feed.change("d", 1, team=1))
    assert [it["id"] for it in (await get(user))["assignments"]] == [2]
    await apply(feed.change("d", 2, team=2))
    assert (await client.get(user)).status_code == 404
    assert (await client.get(f"{user}assignments/")).status_code == 404


async def test_a_team_keeps_all_its_members(apply, feed, get, oid):
    await apply(*(feed.change("c", number, user=number) for number in range(1, 6)))
    await apply(feed.change("d", 1, user=1))
    team = await get(f"/api/teams/{oid('team', 1)}/")
    assert [member["name"] for member in team["members"]] == ["User 2", "User 3", "User 4", "User 5"]
    assert team["members_total"] == 4


async def test_a_move_takes_the_person_out_of_the_old_team(apply, feed, get, client, oid):
    await apply(feed.change("c", 1, team=1))
    await apply(feed.change("u", 1, team=2, project=2))
    assert (await client.get(f"/api/teams/{oid('team', 1)}/")).status_code == 404
    assert (await get(f"/api/teams/{oid('team', 2)}/"))["members_total"] == 1
    assert await names(get, "projects") == ["Project 2"]


async def test_a_rename_shows_in_person_team_and_project(apply, feed, get, oid):
    await apply(feed.change("c", 1), feed.change("c", 2, user=2))
    new = {"user_name": "Новое Имя", "team_name": "New team", "project_name": "New project"}
    await apply(feed.change("u", 1, **new))
    user = await get(f"/api/users/{oid('user', 1)}/")
    assert (user["name"], user["assignments"][0]["team_name"]) == ("Новое Имя", "New team")
    assert await names(get, "teams") == ["New team"]
    assert await names(get, "projects") == ["New project"]


async def test_a_deleted_rows_stale_copies_do_not_undo_a_rename(apply, feed, get):
    """A row can be deleted while a rename is on its way to it: it leaves with the old name, later."""
    await apply(feed.change("c", 1), feed.change("c", 2, project=2, team=2))
    await apply(feed.change("u", 2, project=2, team=2, user_name="Renamed"), feed.change("d", 1))
    assert await names(get, "users") == ["Renamed"]


async def test_each_change_three_times_and_all_again_change_nothing(apply, feed, database):
    messages = [
        feed.change("c", 1),
        feed.change("c", 2, user=2, team=None),
        feed.change("u", 1, user_name="Renamed"),
        feed.change("d", 2, user=2, team=None),
    ]
    await apply(*messages)
    once = await state(database)
    await apply(*(message for message in messages for _ in range(3)))
    for message in messages:
        await apply(message)
    assert await state(database) == once


async def test_one_batch_or_many_give_the_same(apply, feed, database, template):
    messages = [
        feed.change("c", number, user=number % 3 + 1, user_name=f"Name {number}") for number in range(1, 20)
    ]
    await apply(*messages)
    together = await state(database)
    async with database.transaction() as session:
        await session.execute(text("TRUNCATE assignment, person, project, team"))
    for message in messages:
        await apply(message)
    apart = await state(database)
    assert without_applied_at(apart) == without_applied_at(together)


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_gives_the_same(apply, feed, database, seed):
    messages = [
        feed.change(op, number, user=number % 3 + 1, user_name=f"{op} {number}", team=team)
        for op, team in (("c", 1), ("u", 2), ("u", None), ("d", None))
        for number in range(1, 9)
        if op != "d" or number % 2
    ]
    await apply(*messages)
    in_order = await state(database)
    async with database.transaction() as session:
        await session.execute(text("TRUNCATE assignment, person, project, team"))
    random.Random(seed).shuffle(messages)
    for start in range(0, len(messages), 5):
        await apply(*messages[start : start + 5])
    assert without_applied_at(await state(database)) == without_applied_at(in_order)


def without_applied_at(tables):
    return {
        table: [{name: value for name, value in row._mapping.items() if name != "applied_at"} for row in rows]
        for table, rows in tables.items()
    }


@pytest.mark.parametrize("op", ["r", "u", "c"])
async def test_an_older_state_is_a_no_op(apply, feed, get, oid, op):
    await apply(feed.change("u", 1, lsn=500, user_name="Newer", team=2))
    await apply(feed.change(op, 1, lsn=900 if op == "r" else 400, row_lsn=400, user_name="Older", team=1))
    assert await names(get, "users") == ["Newer"]
    assert (await get(f"/api/users/{oid('user', 1)}/"))["assignments"][0]["team_name"] == "Team 2"


async def test_a_change_in_flight_at_the_snapshot_is_not_lost(apply, feed, get):
    """Its place in the log is before the snapshot's, but it was committed later."""
    await apply(feed.change("r", 1, lsn=900, row_lsn=100, user_name="At the snapshot"))
    await apply(feed.change("u", 1, lsn=850, user_name="In flight"))
    assert await names(get, "users") == ["In flight"]


async def test_an_old_change_does_not_bring_back_a_deleted_assignment(apply, feed, get):
    created = feed.change("c", 1)
    await apply(created, feed.change("d", 1))
    await apply(created, feed.change("r", 1, lsn=2000, row_lsn=1005))
    assert await names(get, "users") == []


async def test_a_raised_epoch_wins_over_any_place_in_the_old_log(apply, feed, get):
    await apply(feed.change("u", 1, lsn=10**9, user_name="Before the restore"))
    await apply(feed.change("u", 1, lsn=5, epoch=2, user_name="After the restore"))
    assert await names(get, "users") == ["After the restore"]


async def test_a_missing_column_keeps_its_value(apply, feed, get, oid):
    link = "https://hr.company.example/requests/17"
    await apply(feed.change("c", 1, application_url=link))
    await apply(feed.change("u", 1, user_name="Renamed", without=("application_url", "user_locale")))
    user = await get(f"/api/users/{oid('user', 1)}/")
    assert (user["name"], user["locale"], user["assignments"][0]["application_url"]) == (
        "Renamed",
        "ru",
        link,
    )


async def test_what_a_new_snapshot_does_not_contain_is_swept(apply, feed, get, database):
    await apply(*(feed.change("c", number, user=number) for number in (1, 2, 3)))
    boundaries = dict(feed.offsets)
    await apply(feed.change("r", 1, user=1, lsn=5000, row_lsn=1010))  # unchanged, but seen
    await apply(feed.change("u", 2, user=2, lsn=5010))
    async with database.transaction() as session:
        assert await on_assignments_snapshot_read(session, boundaries) == 1
    assert await names(get, "users") == ["User 1", "User 2"]
    await apply(feed.change("u", 3, user=3))
    assert await names(get, "users") == ["User 1", "User 2", "User 3"]


async def test_two_consumers_do_not_deadlock(database, feed, apply):
    """Each partition has its own; people, teams and projects are shared between them."""
    rounds = [
        [
            feed.change("u", number, user=number % 7 + 1, project=number % 3 + 1, team=number % 5 + 1)
            for number in batch
        ]
        for batch in [range(1, 60), range(60, 1, -1)] * 10
    ]
    await asyncio.gather(*(apply(*messages) for messages in rounds))


async def test_the_migration_makes_what_the_models_say(database):
    # The tables of pgqueuer have a test of their own.
    ours = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith("pgqueuer")}
    async with database._engine.connect() as connection:
        differences = await connection.run_sync(
            lambda it: compare_metadata(MigrationContext.configure(it, opts=ours), Base.metadata)
        )
    assert [it for it in differences if "alembic_version" not in str(it)] == []
