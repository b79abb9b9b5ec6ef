"""How fast the source takes bulk changes, and how fast Debezium turns them into messages.

    .venv/bin/python -m benchmarks.scale.source [--rows 50000] [--repeat 5]

On a stack of its own, without consumers: one transaction changes so many assignments, then the messages are
waited for.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
from aiokafka import AIOKafkaConsumer, TopicPartition
from benchmarks.frame import ROOT, append

from local_stack.testing import Stack

HERE = Path(__file__).parent
TOPIC = "django_db.public.teams_userassignment"
PARTITIONS = [TopicPartition(TOPIC, number) for number in range(6)]
# What the admin's connections have set in a request (user_team.settings, pghistory's middleware).
AS_THE_ADMIN = (
    "-c pgtrigger.ignore={} -c pghistory.context_metadata={} "
    "-c pghistory.context_id=6f1c3cbe-3f28-4f15-b1f1-0c2f3c0b6a11"
)
PEOPLE = """
    INSERT INTO users_user (password, is_superuser, username, is_staff, is_active, date_joined, oid,
        first_name, last_name, email, role, locale, time_zone)
    SELECT '!', false, 'p' || n, false, true, now(), gen_random_uuid(), 'Person', 'Number ' || n,
        'p' || n || '@company.example', 'employee', 'en', 'Europe/Berlin'
    FROM generate_series(1, %s) n
"""
ORGANIZATION = "INSERT INTO users_organization (name) VALUES ('Benchmark')"
PROJECTS = """
    INSERT INTO teams_project (name, oid, organization_id)
    SELECT 'Project ' || n, gen_random_uuid(), (SELECT max(id) FROM users_organization)
    FROM generate_series(1, 50) n
"""
ASSIGN = """
    INSERT INTO teams_userassignment (user_id, project_id)
    SELECT u.id, p.id FROM users_user u, teams_project p
"""
CHANGE = "UPDATE teams_userassignment SET application_url = 'https://apply.example/' || %s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "stack") as stack:
        for command in ("user_team migrate", "connector topics", "connector register"):
            subprocess.run(
                [sys.executable, "-m", *command.split()], cwd=ROOT, env=stack.environment, check=True
            )
        asyncio.run(work(stack, options.rows, options.repeat))


async def work(stack: Stack, rows: int, repeat: int) -> None:
    """Make the rows, then change all of them again and again."""
    connection = psycopg2.connect(stack.service_dsn("USER_TEAM"), options=AS_THE_ADMIN)
    with connection, connection.cursor() as cursor:
        cursor.execute(PEOPLE, [rows // 50])
        cursor.execute(ORGANIZATION)
        cursor.execute(PROJECTS)
    results = []
    async with AIOKafkaConsumer(bootstrap_servers=stack.bootstrap_servers) as consumer:
        for number in range(repeat + 1):
            before = await end(consumer)
            begin = time.perf_counter()
            with connection, connection.cursor() as cursor:
                cursor.execute(*((ASSIGN,) if number == 0 else (CHANGE, [number])))
                count = cursor.rowcount
            committed = time.perf_counter()
            while await end(consumer) < before + count:  # noqa: ASYNC110 - another process makes it true
                await asyncio.sleep(0.02)
            captured = time.perf_counter()
            row = ("insert" if number == 0 else "update", count, committed - begin, captured - committed)
            print(
                f"{row[0]} of {count:,} rows: {count / row[2]:,.0f}/s; captured at {count / row[3]:,.0f}/s",
                flush=True,
            )
            results.append(row)
    connection.close()
    lines = ((change, count, *(f"{s:.2f}" for s in seconds)) for change, count, *seconds in results)
    append(HERE / "source.csv", ["change", "rows", "commit_s", "captured_s"], lines)
    report(results)


async def end(consumer: AIOKafkaConsumer) -> int:
    return sum((await consumer.end_offsets(PARTITIONS)).values())


def report(results: list[tuple[str, int, float, float]]) -> None:
    """Print the medians."""
    updates = [row for row in results if row[0] == "update"]
    print(f"update: {statistics.median(count / s for _, count, s, _ in updates):,.0f} rows/s")
    print(f"capture: {statistics.median(count / s for _, count, _, s in updates):,.0f} rows/s")


if __name__ == "__main__":
    main()
