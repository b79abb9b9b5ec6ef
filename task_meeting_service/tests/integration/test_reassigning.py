"""Reassigning all open tasks: asked for, done in chunks, and proved by what the API says alone."""

import asyncio
import hashlib
from contextlib import suppress
from uuid import UUID

import pytest
from pgqueuer.adapters.persistence.queries import Queries

from service_kit.http.cursor import encode_cursor
from task_meeting.queries.reassigning import enqueue
from task_meeting.service.reassigning.working import work_chunk

TASKS = "/api/tasks/reassign/"


@pytest.fixture
def work(database):
    """Do a job to its end, as the worker does."""

    async def to_the_end(job, **more):
        while await work_chunk(database, UUID(job["oid"]), **more):
            pass

    return to_the_end


def recomputed(proof):
    """Who must have got each task, from the JSON alone: written from the README and not from our code."""

    def number(task):
        return int(hashlib.sha256(f"{proof['seed']}:{task}".encode()).hexdigest(), 16)

    pools = {pool["number"]: pool for pool in proof["pools"]}
    last = {name: pool["last_oid"] for name, pool in pools.items()}
    loads = {
        name: {load["user_oid"]: load["tasks"] for load in pool["loads"] or []}
        for name, pool in pools.items()
    }
    for choice in proof["choices"]:
        if choice["pool"] is None:
            yield choice["before_oid"]
            continue
        pool, name, before = pools[choice["pool"]], choice["pool"], choice["before_oid"]
        joined = "\n".join(pool["eligible"]).encode()
        assert pool["eligible_hash"] == hashlib.sha256(joined).hexdigest()
        among = [oid for oid in pool["eligible"] if oid != before] or pool["eligible"]
        if pool["strategy"] == "round_robin":
            after = next((oid for oid in among if last[name] is None or oid > last[name]), among[0])
        else:
            if pool["strategy"] == "least_loaded":
                fewest = min(loads[name][oid] for oid in among)
                among = [oid for oid in among if loads[name][oid] == fewest]
            after = among[number(choice["task_oid"]) % len(among)]
        last[name] = after
        loads[name][after] = loads[name].get(after, 0) + 1
        if before in loads[name]:
            loads[name][before] -= 1
        yield after


async def whole_proof(get, job):
    pools, choices, cursor = {}, [], {}
    while True:
        page = await get(f"/api/reassign/{job['oid']}/proof/", size=100, **cursor)
        pools |= {pool["number"]: pool for pool in page["pools"]}
        choices += page["choices"]
        if page["next_cursor"] is None:
            return {**page, "pools": list(pools.values()), "choices": choices}
        cursor = {"cursor": page["next_cursor"]}


@pytest.mark.parametrize("strategy", ["random", "round_robin", "least_loaded"])
async def test_each_open_task_gets_another_person_once_and_anybody_can_check_it(
    strategy, apply, feed, oid, client, get, fill, work, sent, query
):
    people = [oid("user", number) for number in range(1, 6)]
    await apply(*(feed.change("c", number, user=number) for number in range(1, 6)))
    await apply(*(feed.change("c", number, user=number, project=2, team=number) for number in (11, 12, 13)))
    await apply(feed.change("c", 14, user=14, project=3, team=3, user_role="manager"))
    await fill(oid("project", 1), people, 120)
    await fill(oid("project", 1), people, 7, status="done", is_open=False)
    await fill(oid("project", 1), [None], 3)
    await fill(oid("project", 2), [oid("user", 11)], 30)
    await fill(oid("project", 2), [oid("user", 12)], 5, team=oid("team", 12))
    await fill(oid("project", 3), people[:1], 2)
    accepted = await client.post(TASKS, json={"strategy": strategy})
    job = accepted.json()
    assert (accepted.status_code, accepted.headers["location"]) == (202, f"/api/reassign/{job['oid']}/")
    assert (job["status"], job["total"], job["processed"], job["progress"]) == ("queued", 160, 0, 0)
    before = dict(await query("SELECT oid, assignee_oid FROM task"))
    await work(job, size=50)
    report = await get(accepted.headers["location"])
    assert (report["status"], report["processed"], report["reassigned"]) == ("done", 160, 153)
    assert (report["skipped"], report["progress"]) == (0, 1)
    assert [(it["project_oid"], it["reason"], it["tasks"]) for it in report["not_reassigned"]] == [
        (str(oid("project", 2)), "nobody_else", 5),
        (str(oid("project", 3)), "nobody_eligible", 2),
    ]
    after = dict(await query("SELECT oid, assignee_oid FROM task"))
    proof = await whole_proof(get, job)
    assert [it["after_oid"] for it in proof["choices"]] == list(recomputed(proof))
    assert {UUID(it["task_oid"]): UUID(it["after_oid"]) for it in proof["choices"]}.items() <= after.items()
    changed = {task: user for task, user in after.items() if user != before[task]}
    assert len(changed) == 153
    assert {task for task in before if task not in changed} == {
        task for (task,) in await query("SELECT oid FROM task WHERE NOT open OR version = 1")
    }
    await check_events(sent, changed, job)


async def check_events(sent, changed, job):
    """One event for each task, and the same in chunks: S3's other services charge by them."""
    assigned = await sent("task.assigned.v1")
    assert {UUID(key): UUID(payload["data"]["assignee_oid"]) for _, key, payload in assigned} == changed
    assert len(await sent()) - len(assigned) == len(await sent("tasks.reassigned.v1")) <= 4
    assert all(set(payload["data"]["choice"]) >= {"seed", "eligible_hash"} for _, _, payload in assigned)
    together = {}
    for _, key, payload in await sent("tasks.reassigned.v1"):
        assert (key, payload["type"], payload["job_uid"]) == (job["oid"], "reassign", job["oid"])
        assert len(payload["data"]) <= 50
        assert not together.keys() & payload["data"].keys()
        together |= payload["data"]
    assert {UUID(task): UUID(user) for task, user in together.items()} == changed


async def test_a_request_for_one_team_leaves_the_other_tasks_alone(
    apply, feed, oid, client, fill, work, query
):
    await apply(*(feed.change("c", number, user=number, team=number % 2 + 1) for number in range(1, 7)))
    project, team = oid("project", 1), oid("team", 1)
    for of_team in (team, oid("team", 2), None):
        await fill(project, [oid("user", 1), None], 10, team=of_team)
    job = (await client.post(TASKS, json={"team_oid": str(team), "project_oid": str(project)})).json()
    assert (job["total"], job["project_oid"], job["team_oid"]) == (10, str(project), str(team))
    await fill(project, [None], 1, team=team)  # came later
    await work(job)
    assert await query("SELECT team_oid, count(*) FROM task WHERE version > 1 GROUP BY 1") == [(team, 10)]


async def test_the_same_key_gives_the_same_job_and_is_done_once(apply, feed, oid, client, fill, query):
    await apply(feed.change("c", 1), feed.change("c", 2, user=2))
    await fill(oid("project", 1), [oid("user", 1)], 2)
    key = {"Idempotency-Key": "the-same"}
    first, second = [await client.post(TASKS, json={}, headers=key) for _ in range(2)]
    assert (first.status_code, second.status_code) == (202, 202)
    assert (first.content, first.headers["location"]) == (second.content, second.headers["location"])
    assert second.headers["idempotency-replayed"] == "true"
    assert (await client.post(TASKS, json={"strategy": "random"}, headers=key)).status_code == 422
    assert await query("SELECT count(*) FROM reassign_job") == [(1,)]
    assert await query("SELECT entrypoint, dedupe_key FROM pgqueuer") == [("reassign", first.json()["oid"])]


async def test_nothing_is_written_when_nobody_is_eligible(apply, feed, oid, client, fill, query):
    await apply(feed.change("c", 1, user_role="manager"))
    await fill(oid("project", 1), [None], 3)
    refused = await client.post(TASKS, json={}, headers={"Idempotency-Key": "free"})
    assert (refused.status_code, refused.json()["title"]) == (409, "Conflict")
    for table in ("reassign_job", "pgqueuer", "idempotency_key", "task_change"):
        assert await query(f"SELECT count(*) FROM {table}") == [(0,)]
    # The key was not used up.
    await apply(feed.change("c", 2, user=2))
    assert (await client.post(TASKS, json={}, headers={"Idempotency-Key": "free"})).status_code == 202


async def test_managers_reassign_in_their_projects_and_see_their_own_jobs(
    apply, feed, oid, sign_in, fill, client
):
    await apply(
        feed.change("c", 1, user=1, user_role="manager"),
        feed.change("c", 2, user=2),
        feed.change("c", 3, user=3, project=2, team=2),
        feed.change("c", 4, user=4, project=2, team=2, user_role="manager"),
    )
    await fill(oid("project", 1), [None], 2)
    await fill(oid("project", 2), [None], 3)
    foreign = [{"project_oid": str(oid("project", 2))}, {"team_oid": str(oid("team", 2))}]
    foreign += [{"project_oid": str(oid("project", 1)), "team_oid": str(oid("team", 2))}]
    foreign += [{"team_oid": str(oid("team", 9))}]
    async with sign_in(1, "manager") as manager, sign_in(4, "manager") as other, sign_in(2) as employee:
        answers = [await manager.post(TASKS, json=it) for it in foreign]
        assert [it.status_code for it in answers] == [404] * 4
        # A team of others is not told from none.
        assert [it.json()["detail"] for it in answers] == ["No such project.", *["No such team."] * 3]
        assert (await employee.post(TASKS, json={})).status_code == 403
        accepted = await manager.post(TASKS, json={})
        assert (accepted.json()["total"], accepted.json()["status"]) == (2, "queued")
        path = accepted.headers["location"]
        statuses = {}
        for who, it in {"own": manager, "other": other, "employee": employee, "admin": client}.items():
            statuses[who] = [(await it.get(f"{path}{what}")).status_code for what in ("", "proof/")]
        assert statuses == {"own": [200] * 2, "other": [404] * 2, "employee": [403] * 2, "admin": [200] * 2}
        proof = f"{path}proof/"
        assert (await manager.get(proof, params={"cursor": "nonsense"})).status_code == 422
        beyond = encode_cursor((2**63 - 1,), ["proof", accepted.json()["oid"]])
        assert (await manager.get(proof, params={"cursor": beyond})).json()["choices"] == []
        assert (await manager.get(proof, params={"size": 201})).status_code == 422


async def test_what_was_closed_or_moved_meanwhile_is_skipped(
    apply, feed, oid, client, get, fill, work, query
):
    await apply(feed.change("c", 1), feed.change("c", 2, user=2))
    await fill(oid("project", 1), [oid("user", 1)], 6)
    job = (await client.post(TASKS, json={"project_oid": str(oid("project", 1))})).json()
    await query("UPDATE task SET open = false, status = 'done' WHERE id = 1")
    await query("UPDATE task SET project_oid = :other WHERE id = 2", other=oid("project", 2))
    await work(job, size=2)
    report = await get(f"/api/reassign/{job['oid']}/")
    assert (report["status"], report["reassigned"], report["skipped"]) == ("done", 4, 2)


async def test_what_was_reopened_meanwhile_is_reassigned_too(
    apply, feed, oid, client, get, fill, work, query, database
):
    await apply(feed.change("c", 1), feed.change("c", 2, user=2))
    await fill(oid("project", 1), [oid("user", 1)], 2, status="done", is_open=False)
    await fill(oid("project", 1), [oid("user", 1)], 2)
    job = (await client.post(TASKS, json={})).json()
    await query("UPDATE task SET open = true, status = 'new' WHERE NOT open")
    await work_chunk(database, UUID(job["oid"]))
    report = await get(f"/api/reassign/{job['oid']}/")
    assert (report["status"], report["total"], report["processed"], report["progress"]) == (
        "running",
        2,
        4,
        1,
    )
    await work(job)
    report = await get(f"/api/reassign/{job['oid']}/")
    assert (report["status"], report["reassigned"], report["skipped"]) == ("done", 4, 0)


async def test_two_workers_on_one_job_and_two_jobs_at_once_do_each_task_once(
    apply, feed, oid, client, get, fill, work, query, sent
):
    await apply(*(feed.change("c", number, user=number) for number in range(1, 4)))
    await fill(oid("project", 1), [oid("user", 1)], 60)
    jobs = [(await client.post(TASKS, json={"strategy": "round_robin"})).json() for _ in range(2)]
    await asyncio.gather(*(work(job, size=7) for job in (*jobs, *jobs)))
    for job in jobs:
        assert (await get(f"/api/reassign/{job['oid']}/"))["reassigned"] == 60
        proof = await whole_proof(get, job)
        assert [it["after_oid"] for it in proof["choices"]] == list(recomputed(proof))
    assert await query("SELECT DISTINCT version FROM task") == [(3,)]
    assert len(await sent("task.assigned.v1")) == 120


async def test_without_open_tasks_there_is_nothing_to_do(client, get, work):
    job = (await client.post(TASKS, json={})).json()
    assert (job["total"], job["progress"]) == (0, 1)
    await work(job)
    assert (await get(f"/api/reassign/{job['oid']}/"))["status"] == "done"


async def test_a_job_is_queued_if_its_transaction_commits_and_only_then(database, query):
    with suppress(ZeroDivisionError):
        async with database.transaction() as session:
            await enqueue(session, UUID(int=1))
            1 / 0  # noqa: B018
    async with database.transaction() as session:
        await enqueue(session, UUID(int=2))
        await enqueue(session, UUID(int=2))
        assert await query("SELECT count(*) FROM pgqueuer") == [(0,)]
    assert await query("SELECT dedupe_key FROM pgqueuer") == [(str(UUID(int=2)),)]


async def test_the_queues_tables_are_those_that_this_pgqueuer_wants(database):
    connection = await database.connect()
    plan = await Queries.from_asyncpg_connection(connection).plan_upgrade()
    await connection.close()
    assert list(plan.statements) == []
