"""How fast a backlog of assignment events is applied by one, two and three consumer processes.

    .venv/bin/python -m benchmarks.scale.run [--messages 300000] [--repeat 5]

It starts a stack of its own, fills the topic once, and lets the numbers of consumers take turns on the same
messages and an empty database, so that a machine that gets slower slows all of them. A run counts only if
every row arrived.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import psutil
import psycopg2
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from benchmarks.frame import ROOT, append
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from connector.contracts import load_topics
from connector.topics import ensure_topics
from local_stack.testing import Stack

HERE = Path(__file__).parent
TOPIC = "django_db.public.teams_userassignment"
PARTITIONS = 6
CONSUMERS = (1, 2, 3)
# The start of the processes and of the group is left out: it is the same few seconds for any backlog.
FROM, TO = 0.25, 0.95
PEOPLE, PROJECTS = 5000, 200
TABLES = "assignment, person, project, team, consumer_offset, snapshot_run, parked_event"
TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Run:
    """One run's figures: events a second, and the processor seconds that a million of them cost."""

    consumers: int
    per_second: float
    consumer_cpu_s: float
    postgres_cpu_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=300_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "stack") as stack:
        python(stack, "task_meeting", "migrate")
        asyncio.run(fill(stack.bootstrap_servers, options.messages))
        floor = [asyncio.run(read(stack.bootstrap_servers, options.messages)) for _ in range(options.repeat)]
        print(f"one process that only reads: {statistics.median(floor):,.0f} messages/s", flush=True)
        runs = []
        for _ in range(options.repeat):
            for count in CONSUMERS:
                run = measure(stack, count, options.messages)
                print(run, flush=True)
                runs.append(run)
    columns = ["messages", *(field.name for field in fields(Run))]
    append(HERE / "results.csv", columns, ((options.messages, *astuple(run)) for run in runs))
    report(runs)


def python(stack: Stack, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, env=stack.environment, check=True)


async def fill(servers: str, count: int) -> None:
    """Put so many new assignments into the topic, as Debezium would: keyed by id, and every row whole."""
    await ensure_topics(servers, load_topics())
    async with AIOKafkaProducer(bootstrap_servers=servers, linger_ms=20, compression_type="lz4") as producer:
        headers = [("epoch", b"1")]
        for number in range(1, count + 1):
            key, value = str(number).encode(), json.dumps(row(number)).encode()
            await producer.send(TOPIC, value, key, partition=number % PARTITIONS, headers=headers)
    print(f"{count:,} messages in the topic", flush=True)


def row(number: int) -> dict[str, object]:
    person, project = number % PEOPLE + 1, number % PROJECTS + 1
    return {
        "id": number, "project_id": project, "team_id": project, "user_id": person,
        "project_name": f"Project {project}", "team_name": f"Team {project}",
        "user_oid": str(uuid.UUID(int=person)), "user_email": f"person{person}@company.example",
        "user_name": f"Person Number {person}", "user_role": "employee",
        "project_oid": str(uuid.UUID(int=2**64 + project)), "team_oid": str(uuid.UUID(int=2**65 + project)),
        "application_url": None, "user_locale": "en", "user_time_zone": "Europe/Berlin",
        "created_at": "2026-03-02T09:14:05.120458Z", "row_lsn": 1000 + number,
        "__op": "c", "__ts_ms": 1772442845130, "__lsn": 2000 + number, "__source_ts_ms": 1772442845121,
        "__source_snapshot": "false", "__deleted": "false",
    }  # fmt: skip


async def read(servers: str, count: int) -> float:
    """Messages a second of a consumer that does nothing with them."""
    async with AIOKafkaConsumer(bootstrap_servers=servers) as consumer:
        consumer.assign([TopicPartition(TOPIC, number) for number in range(PARTITIONS)])
        await consumer.seek_to_beginning()
        begin, seen = time.perf_counter(), 0
        while seen < count:
            batches = await consumer.getmany(timeout_ms=500, max_records=4096)
            seen += sum(map(len, batches.values()))
        return count / (time.perf_counter() - begin)


def measure(stack: Stack, count: int, messages: int) -> Run:
    with ExitStack() as running:
        connection = psycopg2.connect(stack.service_dsn("TASK_MEETING"))
        running.callback(connection.close)
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"TRUNCATE {TABLES}")
        consumers = [running.enter_context(consumer(stack, number)) for number in range(count)]
        server = psutil.Process(stack.part("postgres").process.pid)
        wait_applied(cursor, messages * FROM)
        cpu, begin = (cpu_s(consumers), cpu_s([server])), time.perf_counter()
        begun_at = applied(cursor)
        wait_applied(cursor, messages * TO)
        seconds, done = time.perf_counter() - begin, applied(cursor) - begun_at
        spent = (cpu_s(consumers) - cpu[0], cpu_s([server]) - cpu[1])
        wait_applied(cursor, messages)
        cursor.execute("SELECT count(*) FROM assignment WHERE NOT deleted")
        assert cursor.fetchone() == (messages,), "a run that lost something counts for nothing"
        return Run(count, round(done / seconds), *(round(s * 1e6 / done, 1) for s in spent))


@contextmanager
def consumer(stack: Stack, number: int) -> Iterator[psutil.Process]:
    port = int(stack.variables["TASK_MEETING_CONSUMER_PORT"]) + 1000 + number
    environment = {
        **stack.environment,
        "TASK_MEETING_CONSUMER_PORT": str(port),
        "TASK_MEETING_CONSUMER_INSTANCE_ID": f"benchmark-{number}",
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "task_meeting", "consumer"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def cpu_s(processes: list[psutil.Process]) -> float:
    """Processor seconds of these and of what they have started and is still there."""
    total = 0.0
    for process in processes:
        for part in (process, *process.children(recursive=True)):
            times = part.cpu_times()
            total += times.user + times.system
    return total


def applied(cursor: Cursor) -> int:
    cursor.execute("SELECT coalesce(sum(next_offset), 0) FROM consumer_offset")
    return int(cursor.fetchone()[0])


def wait_applied(cursor: Cursor, count: float) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while applied(cursor) < count:
        assert time.monotonic() < deadline, "the consumers do not get on"
        time.sleep(0.05)


def report(runs: list[Run]) -> None:
    """Print the medians."""
    one = median(runs, "per_second", 1)
    for count in CONSUMERS:
        rates = [run.per_second for run in runs if run.consumers == count]
        rate = statistics.median(rates)
        spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
        print(f"{count} consumers: {rate:,.0f}/s ({spread}), {rate / one:.2f} of one")
        cpu = [median(runs, name, count) for name in ("consumer_cpu_s", "postgres_cpu_s")]
        print(f"  CPU seconds a million: consumers {cpu[0]:.1f}, PostgreSQL {cpu[1]:.1f}")


def median(runs: list[Run], name: str, consumers: int) -> float:
    return statistics.median(getattr(run, name) for run in runs if run.consumers == consumers)


if __name__ == "__main__":
    main()
