"""Jobs: taken up at once, gone on with whatever dies, done once, and noticed when they are not."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from prometheus_client import REGISTRY
from sqlalchemy import Column, Integer, Table, Text, text
from sqlalchemy.ext.asyncio import create_async_engine
from structlog.testing import capture_logs

from service_kit.clock import SystemClock
from service_kit.db import metadata
from service_kit.health import NotReadyError
from service_kit.jobs import JobRunner, enqueue
from service_kit.schedules import Schedule
from service_kit.testing import TemplateDatabase
from service_kit.tracing import current_traceparent, traced

METADATA = metadata()
# How far each job is.
Table(
    "done", METADATA, Column("key", Text, primary_key=True), Column("steps", Integer), Column("trace", Text)
)
STEPS = 3


@pytest.fixture(scope="module")
async def template(admin_url):
    def build(url):
        async def create():
            engine = create_async_engine(url)
            async with engine.begin() as connection:
                await connection.run_sync(METADATA.create_all)
                driver = (await connection.get_raw_connection()).driver_connection
                await driver.execute(QueryBuilderEnvironment().build_install_query())
            await engine.dispose()

        asyncio.run(create())

    it = TemplateDatabase(admin_url, "jobs")
    await it.build(build)
    yield it
    await it.drop()


@pytest.fixture(autouse=True)
def logs():
    """What was logged; without a configuration, drawing a traceback takes seconds."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def ask(database):
    async def put(key):
        async with database.transaction() as session:
            await enqueue(session, "count", key)

    return put


@pytest.fixture
def steps(database):
    """How far a job is."""

    async def of(key):
        async with database.read() as session:
            return await session.scalar(text("SELECT steps FROM done WHERE key = :key"), {"key": key})

    return of


@pytest.fixture
def count(database):
    """A job's handler: counts to three, a number in a transaction; never further."""

    async def step(key):
        async with database.transaction() as session:
            row = {"key": key, "trace": current_traceparent()}
            await session.execute(
                text("INSERT INTO done VALUES (:key, 0, :trace) ON CONFLICT DO NOTHING"), row
            )
            await session.execute(text("UPDATE done SET steps = steps + 1 WHERE key = :key"), row)
            found = await session.scalar(text("SELECT steps FROM done WHERE key = :key"), row)
        return found < STEPS

    return step


def runner(database, handler, **options):
    return JobRunner(database, clock=SystemClock(), entrypoints={"count": handler}, **options)


@asynccontextmanager
async def working(database, handler, **options):
    it = runner(database, handler, **options)
    task = asyncio.create_task(it.run())
    try:
        yield it
    finally:
        it.stop()
        async with asyncio.timeout(10):
            await task


async def eventually(condition):
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.02)


async def ready(worker):
    with suppress(NotReadyError):
        await worker.check()
        return True


def runs(outcome):
    return REGISTRY.get_sample_value("job_runs_total", {"entrypoint": "count", "outcome": outcome})


async def test_a_job_is_done_when_its_transaction_commits_and_again_after_connections_were_cut(
    database, ask, steps, count
):
    async def done(key):
        return await steps(key) == STEPS

    worker = runner(database, count)
    with pytest.raises(NotReadyError, match="not connected to the queue"):
        await worker.check()
    async with working(database, count) as worker:
        with suppress(RuntimeError):
            async with database.transaction() as session:
                await enqueue(session, "count", "rolled back")
                raise RuntimeError
        succeeded = runs("success")
        with traced("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"):
            await ask("first")
        await ask("first")
        await eventually(lambda: done("first"))
        await eventually(lambda: ready(worker))
        async with database.transaction() as session:
            await session.execute(
                text(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            )
        await asyncio.sleep(0.2)  # until the driver has seen that they ended
        await ask("second")
        await eventually(lambda: done("second"))
        assert await steps("rolled back") is None
    assert runs("success") - succeeded == 2
    async with database.read() as session:
        (first, second) = await session.scalars(text("SELECT trace FROM done ORDER BY key"))
    assert "4bf92f3577b34da6a3ce929d0e0e4736" in first
    assert "4bf92f3577b34da6a3ce929d0e0e4736" not in second


async def test_a_job_goes_on_where_it_was_when_its_worker_stops_and_when_it_has_died(
    database, ask, steps, count
):
    async def count_and_stop(key):
        worker.stop()
        return await count(key)

    async with working(database, count_and_stop) as worker:
        await ask("left")
        await asyncio.wait_for(worker._stopping.wait(), 20)
    assert await steps("left") == 1
    await ask("lost")
    await count("lost")
    async with database.transaction() as session:
        taken_by_a_dead_worker = (
            "UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid(),"
            " heartbeat = now() - interval '1 s' WHERE dedupe_key = 'lost'"
        )
        await session.execute(text(taken_by_a_dead_worker))
    short = timedelta(seconds=0.4)
    async with working(database, count, heartbeat_timeout=short), working(database, count):

        async def both_done():
            return (await steps("left"), await steps("lost")) == (STEPS, STEPS)

        await eventually(both_done)


async def test_a_passing_error_delays_a_job_and_any_other_ends_it(database, ask, steps, count):
    errors = [OSError("away"), KeyError("a bug")]

    async def fail_first(key):
        if errors:
            raise errors.pop(0)
        return await count(key)

    async def queue_is_empty():
        async with database.read() as session:
            return await session.scalar(text("SELECT count(*) FROM pgqueuer")) == 0

    before = (runs("retry"), runs("failure"))
    async with working(database, fail_first):
        await ask("poor")
        await eventually(queue_is_empty)
        assert (runs("retry") - before[0], runs("failure") - before[1]) == (1, 1)
        await ask("lucky")
        await eventually(queue_is_empty)
    assert (await steps("poor"), await steps("lucky")) == (None, STEPS)


async def test_a_runner_that_is_told_to_stop_while_it_connects_stops(database, count, monkeypatch):
    connect = database.connect

    async def stop_and_connect():
        worker.stop()
        return await connect()

    monkeypatch.setattr(database, "connect", stop_and_connect)
    worker = runner(database, count)
    await asyncio.wait_for(worker.run(), 3)


async def test_schedules_are_kept_while_the_queue_is_away_and_readiness_asks_for_both(
    database, template, count
):
    looks, failing = [], []

    async def look():
        looks.append(None)
        if failing:
            raise OSError
        return False

    async def raises(text):
        try:
            await worker.check()
        except NotReadyError as error:
            return text in str(error)

    schedule = Schedule("look", timedelta(seconds=0.01), look)
    async with working(database, count, schedules=[schedule], stall_s=0.05) as worker:
        failing.append(True)
        await eventually(lambda: raises("look is 0 s late"))
        failing.clear()
        await eventually(lambda: ready(worker))
        name = database._url.database
        await template._command(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await template._command(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        await eventually(lambda: raises("not connected"))
        seen = len(looks)
        await asyncio.sleep(0.05)
        assert len(looks) > seen


async def test_readiness_asks_the_service_whether_jobs_get_on(database, count):
    async def stuck():
        raise NotReadyError("a job waits")

    with pytest.raises(NotReadyError, match="a job waits"):
        await runner(database, count, check=stuck).check()
