"""How long it takes until open tasks are reassigned: from the request to the end of the job.

    .venv/bin/python -m benchmarks.reassign.run [--tasks 1000] [--people 50] [--repeat 15]

It starts a stack of its own, asks the service's real application and lets the real process do the jobs. The
strategies take turns. Beside the tasks that are reassigned there are others, of other projects. A run counts
only if every task got another assignee, once.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psycopg2
from benchmarks.frame import ROOT, append
from sqlalchemy import make_url

from local_stack.testing import Stack
from service_kit.db import Database
from service_kit.logging import configure_logging
from service_kit.testing import Identity
from task_meeting.app import build_app
from task_meeting.settings import Settings

HERE = Path(__file__).parent
STRATEGIES = ("random", "round_robin", "least_loaded")
PROJECT = "00000000-0000-0000-0000-000000000001"
WARM_UP = 1
TIMEOUT_S = 120

# People and projects are named by small numbers.
FILL = """
    CREATE FUNCTION uid(n bigint) RETURNS uuid LANGUAGE sql RETURN lpad(to_hex(n), 32, '0')::uuid;
    INSERT INTO person (oid, user_id, name, email, role, epoch, lsn, deleted)
    SELECT uid(n), n, 'Person ' || n, n || '@company.example', 'employee', 1, 1, false
    FROM generate_series(1, %(people)s) AS n;
    INSERT INTO assignment (
        id, project_id, user_id, project_name, user_oid, user_email, user_name, user_role, project_oid,
        captured_at, published_at, applied_at, epoch, lsn, deleted, kafka_partition, kafka_offset
    )
    SELECT user_id, 1, user_id, 'Project', oid, email, name, role, uid(1),
        now(), now(), now(), 1, 1, false, 0, 0
    FROM person;
    INSERT INTO task (
        project_oid, title, description, status, open, priority, labels, assignee_oid,
        reporter_oid, version, created_at, updated_at
    )
    SELECT CASE WHEN n <= %(others)s THEN uid(2 + n %% 500) ELSE uid(1) END, 'Task ' || n,
        repeat('What there is to do. ', 20), 'new', true, 1, '{}', uid(1 + n %% %(people)s),
        uid(1), 1, now(), now()
    FROM generate_series(1, %(others)s + %(tasks)s) AS n;
    ANALYZE
"""
COUNT = """
    SELECT count(*) FILTER (WHERE before_oid <> after_oid), count(DISTINCT task_oid)
    FROM reassign_choice WHERE job_oid = %s
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--others", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=15)
    options = parser.parse_args()
    configure_logging(service="benchmark", level="ERROR", log_format="console")
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "stack") as stack:
        python = (sys.executable, "-m", "task_meeting")
        subprocess.run([*python, "migrate"], cwd=ROOT, env=stack.environment, check=True)
        with psycopg2.connect(stack.service_dsn("TASK_MEETING")) as connection:
            connection.cursor().execute(FILL, vars(options))
        with running([*python, "jobs"], stack.environment):
            measured = asyncio.run(measure(stack.service_dsn("TASK_MEETING"), options))
    for strategy, took_s in measured.items():
        print(f"{strategy:>12}: {statistics.median(took_s):.2f} s ({min(took_s):.2f} to {max(took_s):.2f})")
    columns = ["tasks", "people", "repeat", "strategy", "median_s", "min_s", "max_s"]
    append(HERE / "results.csv", columns, rows(measured, options))


@contextmanager
def running(command: list[str], environment: Mapping[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def measure(address: str, options: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds from the request to the commit of the job's end, by strategy."""
    database = Database(make_url(address).set(drivername="postgresql+asyncpg"), application_name="benchmark")
    identity = Identity()
    settings = Settings(db_name="-", db_user="-", db_password="-")
    transport = httpx2.ASGITransport(app=build_app(settings, database, identity.authenticator()))
    measured: dict[str, list[float]] = {strategy: [] for strategy in STRATEGIES}
    watching = psycopg2.connect(address)
    watching.autocommit = True
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        client.headers.update(identity.headers(role="admin"))
        for number in range(WARM_UP + options.repeat):
            for strategy, took_s in measured.items():
                begin = time.perf_counter()
                body = {"project_oid": PROJECT, "strategy": strategy}
                accepted = await client.post("/api/tasks/reassign/", json=body)
                await finish(watching, accepted.json()["oid"], options.tasks)
                if number >= WARM_UP:
                    took_s.append(time.perf_counter() - begin)
    await database.close()
    return measured


async def finish(connection: psycopg2.extensions.connection, job: str, tasks: int) -> None:
    """Wait for the end of a job; each of the tasks must have got another assignee, once."""
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            with connection.cursor() as cursor:
                cursor.execute("SELECT FROM reassign_job WHERE oid = %s AND finished_at IS NOT NULL", (job,))
                if cursor.rowcount:
                    cursor.execute(COUNT, (job,))
                    changed, different = cursor.fetchone()
                    assert changed == different == tasks, (changed, different)
                    return
            await asyncio.sleep(0.005)


def rows(measured: dict[str, list[float]], options: argparse.Namespace) -> Iterator[tuple[object, ...]]:
    for strategy, took_s in measured.items():
        figures = (statistics.median(took_s), min(took_s), max(took_s))
        shown = (f"{figure:.2f}" for figure in figures)
        yield options.tasks, options.people, options.repeat, strategy, *shown


if __name__ == "__main__":
    main()
