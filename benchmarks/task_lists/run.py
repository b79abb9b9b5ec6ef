"""How long a list of 50 out of a million tasks takes: every filter, every order, pages near and far.

    .venv/bin/python -m benchmarks.task_lists.run [--tasks 1000000] [--repeat 40]

It starts a stack of its own, fills the task service's database, and asks the service's real application, in
this process, with real tokens. The cases take turns, with two floors among them: an answer of a constant, and
one task fetched by its key. `--explain` writes the plans of all cases to plans.md.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from uuid import UUID

import httpx2
import psycopg2
from benchmarks.frame import ROOT, append
from benchmarks.task_lists.plans import explain
from benchmarks.turns import COLUMNS, kept, p95, printed, take_turns
from sqlalchemy import make_url

from local_stack.testing import Stack
from service_kit.db import Database
from service_kit.logging import configure_logging
from service_kit.testing import Identity
from task_meeting.app import build_app
from task_meeting.settings import Settings

HERE = Path(__file__).parent
NOW = datetime.now(UTC)
LIST = "/api/tasks/"


def oid(kind: str, number: int) -> UUID:
    """The oid that fill.sql gives to a number."""
    return UUID(bytes=md5(f"{kind}{number}".encode()).digest())


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, what they ask by, and how large their largest project is."""

    name: str
    person: int
    role: str
    project: int


VIEWERS = (
    Viewer("3 projects", 1, "employee", 2),
    Viewer("40 projects", 2, "employee", 3),
    Viewer("all projects", 3, "admin", 1),
)


@dataclass(slots=True)
class Case:
    """One request, and how long its answers took, in milliseconds."""

    viewer: Viewer
    name: str
    path: str
    parameters: dict[str, str]
    total: str = ""
    took_ms: list[float] = field(default_factory=list)


def filters(viewer: Viewer) -> dict[str, dict[str, str]]:
    """Each filter by itself, common and rare values, and what people combine."""
    project = {"project_oid": str(oid("project", viewer.project))}
    soon = (NOW + timedelta(days=7)).isoformat()
    return {
        "none": {},
        "project_oid": project,
        "team_oid": {"team_oid": str(oid("team", 4 * viewer.project + 1))},
        "user_oid, busy": {"user_oid": str(oid("person", 0))},
        "user_oid": {"user_oid": str(oid("person", 4000))},
        "status=in_progress": {"status": "in_progress"},
        "status=done": {"status": "done"},
        "status=open": {"status": "open"},
        "label, common": {"label": "common"},
        "label, middling": {"label": "label7"},
        "label, rare": {"label": "rare"},
        "deadline_before": {"deadline_before": NOW.isoformat()},
        "deadline_after": {"deadline_after": NOW.isoformat()},
        "deadline in a week": {"deadline_after": NOW.isoformat(), "deadline_before": soon},
        "search, common": {"search": "word2"},
        "search, middling": {"search": "word300"},
        "search, beginning of 111 words": {"search": "word44"},
        "search, rare": {"search": "word4321 word77"},
        "mine": {"mine": "true"},
        "overdue": {"overdue": "true"},
        "project_oid, status=open, by deadline": {**project, "status": "open", "sort": "deadline"},
        "mine, status=open, by deadline": {"mine": "true", "status": "open", "sort": "deadline"},
        "overdue, by deadline": {"overdue": "true", "sort": "deadline"},
        "search, common, by deadline": {"search": "word2", "sort": "-deadline"},
        "label, common, by priority": {"label": "common", "sort": "-priority"},
    }


def orders() -> dict[str, dict[str, str]]:
    columns = ("created_at", "updated_at", "deadline", "priority")
    by = {f"sort={sign}{column}": {"sort": sign + column} for column in columns for sign in ("", "-")}
    return by | {"page=10": {"page": "10"}, "page=200, the last": {"page": "200"}}


def cases() -> list[Case]:
    return [
        Case(viewer, name, path, parameters)
        for viewer in VIEWERS
        for name, path, parameters in (
            ("floor: a constant", "/health/live", {}),
            ("floor: one task by its number", f"{LIST}{{task}}/", {}),
            *((name, LIST, given) for name, given in (filters(viewer) | orders()).items()),
        )
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=40)
    parser.add_argument("--explain", action="store_true")
    parser.add_argument("--database", help="the address of one that was filled before")
    options = parser.parse_args()
    configure_logging(service="benchmark", level="ERROR", log_format="console")
    with filled_database(options.database, options.tasks) as address:
        measured = asyncio.run(measure(address, options.repeat, explained=options.explain))
    report(measured)
    if not options.database:
        columns = ["tasks", "viewer", "case", "matching", *COLUMNS]
        append(HERE / "results.csv", columns, rows(measured, options.tasks))


@contextmanager
def filled_database(address: str | None, tasks: int) -> Iterator[str]:
    if address is not None:
        yield address
        return
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "stack") as stack:
        subprocess.run(
            [sys.executable, "-m", "task_meeting", "migrate"], cwd=ROOT, env=stack.environment, check=True
        )
        fill(stack.service_dsn("TASK_MEETING"), tasks)
        checkpoint(stack.dsn())
        yield stack.service_dsn("TASK_MEETING")


def checkpoint(superuser: str) -> None:
    """Write all to the disk, or else it is written while the first lists are asked for."""
    connection = psycopg2.connect(superuser)
    connection.autocommit = True
    connection.cursor().execute("CHECKPOINT")
    connection.close()


def fill(address: str, tasks: int) -> None:
    """Load the company; the indexes are made when it is there, which takes a tenth of the time."""
    begin = time.perf_counter()
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = 'task'::regclass AND NOT indisprimary"
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute((HERE / "fill.sql").read_text(encoding="utf-8").replace(":tasks", str(tasks)))
        for _, definition in indexes:
            cursor.execute(definition)
    connection.close()
    connection = psycopg2.connect(address)
    connection.autocommit = True
    connection.cursor().execute("VACUUM ANALYZE task, task_word, assignment")
    connection.close()
    print(f"{tasks:,} tasks in {time.perf_counter() - begin:.0f} s", flush=True)


@asynccontextmanager
async def service(address: str) -> AsyncIterator[tuple[Database, httpx2.AsyncClient, Identity]]:
    """The service's real application, and who signs its callers' tokens."""
    database = Database(make_url(address).set(drivername="postgresql+asyncpg"), application_name="benchmark")
    identity = Identity()
    # The limit of requests is for people; this is none.
    settings = Settings(db_name="-", db_user="-", db_password="-", API_RATE_LIMIT="1000000/second")
    transport = httpx2.ASGITransport(app=build_app(settings, database, identity.authenticator()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield database, client, identity
    await database.close()


async def measure(address: str, repeat: int, *, explained: bool) -> list[Case]:
    async with service(address) as (database, client, identity):
        asked = [(case, asker(client, identity, case)) for case in await prepared(client, identity)]
        await take_turns(asked, repeat, check=check)
        if explained:
            (HERE / "plans.md").write_text(await explain(database, asked), encoding="utf-8")
    return [case for case, _ in asked]


def asker_headers(identity: Identity, person: int, role: str) -> dict[str, str]:
    return identity.headers(oid("person", person), role)


def check(case: Case, answer: httpx2.Response) -> None:
    assert answer.status_code == 200, (case.name, answer.text)


def asker(
    client: httpx2.AsyncClient, identity: Identity, case: Case
) -> Callable[[], Awaitable[httpx2.Response]]:
    headers = asker_headers(identity, case.viewer.person, case.viewer.role)
    return lambda: client.get(case.path, params=case.parameters, headers=headers)


async def prepared(client: httpx2.AsyncClient, identity: Identity) -> list[Case]:
    """The cases, with the tasks and the cursors that they ask for, and how many tasks match."""
    ready = cases()
    for viewer in VIEWERS:
        near = Case(viewer, "", LIST, {"size": "200"})
        for _ in range(50):
            page = (await asker(client, identity, near)()).json()
            near.parameters["cursor"] = page["next_cursor"]
        ready.append(Case(viewer, "cursor after 10,000 tasks", LIST, {"cursor": page["next_cursor"]}))
        for case in ready:
            if case.viewer is viewer:
                case.path = case.path.replace("{task}", str(page["tasks"][0]["id"]))
    for case in ready:
        if case.path == LIST:
            page = (await asker(client, identity, case)()).json()
            case.total = f"{page['total']:,}" + ("" if page["total_is_exact"] else "+")
    return ready


def report(measured: list[Case]) -> None:
    for viewer in VIEWERS:
        print(f"\n{viewer.name}: p50, p95, the longest, in ms")
        theirs = [case for case in measured if case.viewer is viewer]
        for case in sorted(theirs, key=p95):
            print(f"{printed(case)}  {case.name} ({case.total})")


def rows(measured: list[Case], tasks: int) -> Iterator[tuple[object, ...]]:
    for case in measured:
        yield tasks, case.viewer.name, case.name, case.total, *kept(case)


if __name__ == "__main__":
    main()
