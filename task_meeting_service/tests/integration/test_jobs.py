"""The process that does jobs: it goes on whatever dies, does each task once, and says when it is stuck."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from service_kit.clock import SystemClock
from service_kit.health import NotReadyError
from task_meeting.worker import Work, job_runner

TASKS = "/api/tasks/reassign/"
NAME = "task_meeting.jobs"


@asynccontextmanager
async def working(database, **options):
    worker = job_runner(database, clock=SystemClock(), **options)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await task


async def eventually(condition, seconds=30):
    async with asyncio.timeout(seconds):
        while not (found := await condition()):
            await asyncio.sleep(0.02)
    return found


@pytest.fixture(autouse=True)
def logs():
    """What was logged; without a configuration, drawing a traceback takes seconds."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def team_of_three(apply, feed, oid, fill):
    """Three people in project 1; the tasks are the first one's."""
    await apply(*(feed.change("c", number, user=number) for number in range(1, 4)))

    async def with_tasks(count):
        await fill(oid("project", 1), [oid("user", 1)], count)

    return with_tasks


@pytest.fixture
def ask(client):
    """Ask for a job, and get the path of it."""

    async def post():
        response = await client.post(TASKS, json={"strategy": "round_robin"})
        assert response.status_code == 202
        return response.headers["location"]

    return post


@pytest.fixture
def done(get):
    """The report of a job that ends some time."""

    async def wait(path, status="done"):
        async def ended():
            report = await get(path)
            return report if report["status"] == status else None

        return await eventually(ended)

    return wait


async def test_all_that_comes_round_is_kept(database):
    def kept():
        names = ("task_reminders", "meeting_reminders", "continue_series", "keep_house")
        values = [{"schedule": name, "outcome": "success"} for name in names]
        return [REGISTRY.get_sample_value("schedule_runs_total", it) for it in values]

    before = [runs or 0 for runs in kept()]

    async def all_kept():
        return all(runs > earlier for runs, earlier in zip(kept(), before, strict=True))

    async with working(database):
        await eventually(all_kept)


async def test_a_restart_of_the_database_does_not_silence_the_worker(
    database, template, team_of_three, ask, done, query
):
    """While it restarts, connections are cut and new ones are refused."""
    await team_of_three(3)
    name = database._url.database
    async with working(database) as worker:
        assert (await done(await ask()))["reassigned"] == 3
        path = await ask()
        await done(path)
        await template._command(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await template._command(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        with pytest.raises(Exception):  # noqa: B017 - whatever it says, it is not ready
            await worker.check()
        await template._command(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await eventually(lambda: ready(worker))
        assert (await done(await ask()))["reassigned"] == 3


async def ready(worker):
    with suppress(Exception):
        await worker.check()
        return True


async def test_a_job_whose_worker_was_killed_goes_on_where_it_was(
    database, team_of_three, ask, get, done, query, sent, worker_process
):
    await team_of_three(520)
    async with database.transaction() as somebody:
        connection = await somebody.connection()
        await connection.exec_driver_sql("SELECT FROM task WHERE id = 510 FOR UPDATE")
        path = await ask()

        async def first_chunk_done_and_second_waits():
            waits = "SELECT application_name FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            return (await get(path))["processed"] == 500 and (NAME,) in await query(waits)

        with worker_process():
            await eventually(first_chunk_done_and_second_waits)
    async with working(database, heartbeat_timeout=timedelta(seconds=0.4)):
        report = await done(path)
    assert (report["processed"], report["reassigned"], report["skipped"]) == (520, 520, 0)
    assert await query("SELECT DISTINCT version FROM task") == [(2,)]
    assigned = await sent("task.assigned.v1")
    assert len(assigned) == len({key for _, key, _ in assigned}) == 520
    together = [task for _, _, it in await sent("tasks.reassigned.v1") for task in it["data"]]
    assert len(together) == len(set(together)) == 520
    assert await query("SELECT count(*), max(position) FROM reassign_choice") == [(520, 520)]


async def test_a_worker_that_stops_leaves_the_rest_to_the_next_one(
    database, team_of_three, ask, get, done, query, monkeypatch
):
    await team_of_three(6)
    monkeypatch.setattr("task_meeting.worker.work_chunk", slowly)
    async with working(database) as worker:
        path = await ask()
        await eventually(lambda: processed(get, path))
        worker.stop()
    assert 0 < (await get(path))["processed"] < 6
    assert await query("SELECT status FROM pgqueuer") == [("queued",)]
    async with working(database):
        assert (await done(path))["reassigned"] == 6


async def slowly(database, job_oid):
    from task_meeting.service.reassigning.working import work_chunk

    await asyncio.sleep(0.05)
    return await work_chunk(database, job_oid, size=1)


async def processed(get, path):
    return (await get(path))["processed"] > 0


async def test_readiness_and_a_metric_notice_a_job_that_nobody_gets_on_with(
    database, team_of_three, ask, query
):
    await team_of_three(1)
    worker = job_runner(database, clock=SystemClock())
    with pytest.raises(NotReadyError, match="not connected"):
        await worker.check()
    await ask()
    await query("UPDATE reassign_job SET created_at = now() - interval '90 s'")
    with pytest.raises(NotReadyError, match=r"a job has been waiting for 9\d s"):
        await worker.check()
    assert 90 <= REGISTRY.get_sample_value("reassign_stalled_seconds") < 120
    # Another job got on a moment ago: this one has to wait its turn.
    await query("UPDATE reassign_job SET advanced_at = now()")
    with pytest.raises(NotReadyError, match="not connected"):
        await worker.check()
    assert REGISTRY.get_sample_value("reassign_stalled_seconds") < 30
    # Nothing to do is no reason to be unready, however long ago the last job was.
    await query("UPDATE reassign_job SET advanced_at = now() - interval '1 day', finished_at = now()")
    with pytest.raises(NotReadyError, match="not connected"):
        await worker.check()
    assert REGISTRY.get_sample_value("reassign_stalled_seconds") == 0


async def test_a_job_that_cannot_go_on_fails_and_says_so(
    database, team_of_three, ask, done, query, sent, logs
):
    await team_of_three(2)
    path = await ask()
    await query("ALTER TABLE reassign_choice ADD CHECK (task_oid IS NULL)")
    async with working(database):
        report = await done(path, "failed")
    assert report["error"] == "The service failed. Its logs say why."
    assert "reassign_failed" in [it["event"] for it in logs]
    assert (report["processed"], report["reassigned"], report["skipped"]) == (0, 0, 2)
    assert (await sent(), await query("SELECT DISTINCT version FROM task")) == ([], [(1,)])
    assert await query("SELECT count(*) FROM pgqueuer") == [(0,)]


async def test_housekeeping_forgets_old_keys_and_finds_lost_jobs(
    database, team_of_three, client, done, query
):
    await team_of_three(1)
    for key in ("old", "new"):
        assert (await client.post(TASKS, json={}, headers={"Idempotency-Key": key})).status_code == 202
    await query("UPDATE idempotency_key SET created_at = now() - interval '25 h' WHERE key = 'old'")
    await query("DELETE FROM pgqueuer")
    for _ in range(2):
        assert not await Work(database, SystemClock()).keep_house()
        assert await query("SELECT key FROM idempotency_key") == [("new",)]
        queued = await query("SELECT convert_from(payload, 'UTF8') FROM pgqueuer ORDER BY 1")
        assert [(UUID(job),) for (job,) in queued] == await query("SELECT oid FROM reassign_job ORDER BY 1")
