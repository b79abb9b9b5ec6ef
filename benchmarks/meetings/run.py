"""How long meetings take among 100,000 of them: conflicts, lists, one meeting, a new one for a team of 200.

    .venv/bin/python -m benchmarks.meetings.run [--meetings 100000] [--repeat 40]

It starts a stack of its own, fills the task service's database, and asks the service's real application, in
this process, with real tokens; the query of conflicts is also asked by itself. The cases take turns, with two
floors among them: an answer of a constant, and a task that is not there. `--explain` prints the query's plan.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import psycopg2
from benchmarks.frame import ROOT, append
from benchmarks.turns import COLUMNS, kept, printed, take_turns
from sqlalchemy import make_url, text

from local_stack.testing import Stack
from service_kit.db import Database
from service_kit.logging import configure_logging
from service_kit.testing import Identity
from task_meeting.app import build_app
from task_meeting.queries.conflicts import CONFLICTS, Span, find_conflicts
from task_meeting.schemas.meetings import MAX_CONFLICTS, NEXT_OCCURRENCES
from task_meeting.settings import Settings

HERE = Path(__file__).parent
NOW = datetime.now(UTC)
MEETINGS = "/api/meetings/"
# A Wednesday to come.
DAY = (NOW + timedelta(days=7 + (2 - NOW.weekday()) % 7)).replace(hour=0, minute=0, second=0, microsecond=0)
TIMES = {
    "at 10, a busy hour": (timedelta(hours=10), timedelta(hours=1)),
    "at 5, a quiet one": (timedelta(hours=5), timedelta(hours=1)),
    "for three days": (timedelta(), timedelta(days=3)),
}


def oid(kind: str, number: int) -> UUID:
    """The oid that fill.sql gives to a number."""
    return UUID(bytes=md5(f"{kind}{number}".encode()).digest())


PEOPLE = {
    "one person": [oid("person", 1)],
    "a team of 200": [oid("person", number) for number in range(1, 201)],
}


@dataclass(slots=True)
class Case:
    """Something that is asked again and again, and how long it took, in milliseconds."""

    name: str
    ask: Callable[[], Awaitable[Any]]
    took_ms: list[float] = field(default_factory=list)
    found: int | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meetings", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=40)
    parser.add_argument("--explain", action="store_true")
    parser.add_argument("--database", help="the address of one that was filled before")
    options = parser.parse_args()
    configure_logging(service="benchmark", level="ERROR", log_format="console")
    with filled_database(options.database, options.meetings) as address:
        measured = asyncio.run(measure(address, options.repeat, explained=options.explain))
    report(measured)
    if not options.database:
        columns = ["load", "meetings", "case", "found", *COLUMNS]
        append(HERE / "results.csv", columns, rows(measured, options.meetings))


@contextmanager
def filled_database(address: str | None, meetings: int) -> Iterator[str]:
    if address is not None:
        yield address
        return
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "stack") as stack:
        subprocess.run(
            [sys.executable, "-m", "task_meeting", "migrate"], cwd=ROOT, env=stack.environment, check=True
        )
        fill(stack.service_dsn("TASK_MEETING"), meetings)
        yield stack.service_dsn("TASK_MEETING")


def fill(address: str, meetings: int) -> None:
    begin = time.perf_counter()
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute((HERE / "fill.sql").read_text(encoding="utf-8").replace(":meetings", str(meetings)))
    connection.close()
    connection = psycopg2.connect(address)
    connection.autocommit = True
    connection.cursor().execute("VACUUM ANALYZE")
    connection.close()
    print(f"{meetings:,} meetings in {time.perf_counter() - begin:.0f} s", flush=True)


async def measure(address: str, repeat: int, *, explained: bool) -> list[Case]:
    database = Database(make_url(address).set(drivername="postgresql+asyncpg"), application_name="benchmark")
    identity = Identity()
    # The limit of requests is for people; this is none.
    settings = Settings(db_name="-", db_user="-", db_password="-", API_RATE_LIMIT="1000000/second")
    transport = httpx2.ASGITransport(app=build_app(settings, database, identity.authenticator()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        cases = [*queries(database), *await requests(client, identity)]
        await take_turns([(case, case.ask) for case in cases], repeat, check=count)
    if explained:
        await explain(database)
    await database.close()
    return cases


def count(case: Case, answer: Any) -> None:
    case.found = size(answer)


def size(answer: Any) -> int | None:
    """How much was found, where that is the question. A request must have succeeded."""
    if isinstance(answer, list):
        return len(answer)
    assert answer.status_code in {200, 201, 404}, answer.text
    body = answer.json()
    return body.get("total") or len(body.get("conflicts", [])) or None


def spans(at: timedelta, length: timedelta) -> list[Span]:
    starts = [DAY + at + timedelta(weeks=week) for week in range(NEXT_OCCURRENCES)]
    return [Span(start, start + length) for start in starts]


def queries(database: Database) -> Iterator[Case]:
    """The query of conflicts by itself, in a transaction of its own."""

    def asker(people: list[UUID], times: list[Span]) -> Callable[[], Awaitable[Any]]:
        async def ask() -> Any:
            async with database.read() as session:
                return await find_conflicts(session, people, times, except_id=None, limit=MAX_CONFLICTS)

        return ask

    for who, people in PEOPLE.items():
        for when, times in TIMES.items():
            yield Case(f"query of conflicts: {who}, {when}", asker(people, spans(*times)))


async def requests(client: httpx2.AsyncClient, identity: Identity) -> list[Case]:
    """What people ask for over HTTP."""
    headers = identity.headers(oid("person", 1), "employee")

    def case(name: str, method: str, path: str, **body: Any) -> Case:
        return Case(name, lambda: client.request(method, path, headers=headers, **body))

    start = DAY + timedelta(hours=10)
    weekly = {
        "title": "A meeting of the team",
        "start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "time_zone": "Europe/Berlin",
        "recurrence": "FREQ=WEEKLY",
    }
    team = {"team_oids": [str(oid("team", 0))]}
    # New ones are in nobody's way at the times that are asked about.
    late = {"start": f"{start:%Y-%m-%dT20:00:00Z}", "end": f"{start:%Y-%m-%dT21:00:00Z}"}
    made = (await client.post(MEETINGS, json=weekly | team, headers=headers)).json()
    times = {name: weekly[name] for name in ("start", "end", "time_zone", "recurrence")}
    week = {"from": DAY.isoformat(), "to": (DAY + timedelta(days=7)).isoformat()}
    return [
        case("floor: a constant", "GET", "/health/live"),
        case("floor: a task that is not there", "GET", f"/api/tasks/{oid('task', 1)}/"),
        case("list", "GET", MEETINGS),
        case("list, mine", "GET", MEETINGS, params={"mine": "true"}),
        case("list, mine in a week", "GET", MEETINGS, params={"mine": "true", **week}),
        case("list, in a week", "GET", MEETINGS, params=week),
        case("list, of a project", "GET", MEETINGS, params={"project_oid": str(oid("project", 1))}),
        case("list, search", "GET", MEETINGS, params={"search": "topic77"}),
        case("one meeting of a team of 200, with its conflicts", "GET", f"{MEETINGS}{made['oid']}/"),
        case("conflicts of a plan for a person", "POST", f"{MEETINGS}conflicts/", json=times),
        case("conflicts of a plan for a team of 200", "POST", f"{MEETINGS}conflicts/", json=times | team),
        case(
            "create a meeting for a team of 200",
            "POST",
            MEETINGS,
            json=weekly | team | late | {"recurrence": None},
        ),
        case("create an endless series for a team of 200", "POST", MEETINGS, json=weekly | team | late),
    ]


async def explain(database: Database) -> None:
    """Print how PostgreSQL finds the conflicts of a team at a busy hour."""
    times = spans(*TIMES["at 10, a busy hour"])
    parameters = {
        "users": PEOPLE["a team of 200"],
        "starts": [span.starts_at for span in times],
        "ends": [span.ends_at for span in times],
        "except_id": 0,
        "limit": MAX_CONFLICTS,
    }
    async with database.read() as session:
        plan = await session.execute(text(f"EXPLAIN (ANALYZE, BUFFERS) {CONFLICTS.text}"), parameters)
        # The names of 200 people are of no interest.
        print("\n".join(row[0][:160] for row in plan))


def report(measured: list[Case]) -> None:
    print(f"\np50, p95, the longest, in ms; load {os.getloadavg()[0]:.1f}")
    for case in measured:
        print(f"{printed(case)}  {case.name} ({case.found or '-'})")


def rows(measured: list[Case], meetings: int) -> Iterator[tuple[object, ...]]:
    load = f"{os.getloadavg()[0]:.1f}"
    for case in measured:
        yield load, meetings, case.name, case.found or "", *kept(case)


if __name__ == "__main__":
    main()
