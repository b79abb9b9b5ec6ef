"""How long a list of 50 out of a million mails takes, by every filter and for everybody who may ask.

    .venv/bin/python -m benchmarks.mail_lists.run [--mails 1000000] [--repeat 40]

It starts a stack of its own, fills the notifier's database, and asks the service's real application, in this
process, with real tokens. The cases take turns, with two floors among them: an answer of a constant, and one
mail fetched by its id.
"""

import argparse
import asyncio
import os
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
from benchmarks.turns import COLUMNS, kept, p95, printed, take_turns
from sqlalchemy import make_url

from local_stack.testing import Stack
from notification.app import build_app
from notification.kinds import Kind
from notification.settings import Settings
from service_kit.db import Database
from service_kit.logging import configure_logging
from service_kit.testing import Identity

HERE = Path(__file__).parent
NOW = datetime.now(UTC)
LIST = "/notifications"
GOAL_MS = 50


def person(number: int) -> UUID:
    """The oid that fill.sql gives to a number."""
    return UUID(bytes=md5(f"person{number}".encode()).digest())


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: a person by their number in fill.sql, and their role."""

    name: str
    number: int
    role: str


EVERYBODYS = Viewer("who sees all", 3, "admin")
OWN = (
    Viewer("own, some hundreds", 5, "employee"),
    Viewer("own, a fiftieth", 2, "employee"),
    Viewer("own, a fifth", 1, "employee"),
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


def mail_of(number: int, **others: str) -> dict[str, str]:
    # In another case than it was written in.
    return {"recipient": f"PERSON{number}@company.example", **others}


def ago(**time_: float) -> str:
    return (NOW - timedelta(**time_)).isoformat()


def filters(viewer: Viewer) -> list[dict[str, str]]:
    """Each filter by itself, common and rare values, and what people combine."""
    of_one = [
        {},
        {"page": "200"},
        {"since": ago(hours=1)},
        {"since": ago(days=180)},
        *({"state": state} for state in ("accepted", "bounced", "queued", "suppressed", "unconfirmed")),
        {"state": "accepted", "page": "200"},
        {"state": "suppressed", "page": "200"},
        {"reason": "stale"},
        {"reason": "stale", "state": "accepted"},
        {"kind": "assigned"},
        {"kind": "order"},
        {"kind": "order", "state": "bounced"},
        {"kind": "order", "reason": "digest", "since": ago(days=30)},
        {"state": "bounced", "since": ago(days=1)},
        {"state": "unconfirmed", "since": ago(days=21)},
        {"subject": "task:100001"},
        {"subject": "news:everybody"},
        {"subject": "news:everybody", "state": "bounced"},
        {"assignment_id": "100002"},
    ]
    if viewer is not EVERYBODYS:
        return of_one
    return [
        *of_one,
        *(mail_of(number) for number in (5, 2, 1)),
        *(mail_of(number, state="bounced") for number in (5, 2, 1)),
        mail_of(2, kind="order"),
        mail_of(1, kind="order", state="unconfirmed"),
        mail_of(2, since=ago(days=21)),
        {"recipient": "nobody@company.example"},
    ]


def cases() -> list[Case]:
    return [
        Case(viewer, name, path, parameters)
        for viewer in (EVERYBODYS, *OWN)
        for name, path, parameters in (
            ("floor: a constant", "/health/live", {}),
            ("floor: one mail by its id", f"{LIST}/{{mail}}", {}),
            *((named(given), LIST, given) for given in filters(viewer)),
        )
    ]


def named(given: dict[str, str]) -> str:
    return " ".join(f"{name}={value.partition('T')[0]}" for name, value in given.items()) or "no filter"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=40)
    parser.add_argument("--database", help="the address of one that was filled before")
    options = parser.parse_args()
    configure_logging(service="benchmark", level="ERROR", log_format="console")
    with filled_database(options.database, options.mails) as address:
        measured = asyncio.run(measure(address, options.repeat))
    report(measured)
    if not options.database:
        columns = ["load", "mails", "viewer", "case", "matching", *COLUMNS]
        append(HERE / "results.csv", columns, rows(measured, options.mails))


@contextmanager
def filled_database(address: str | None, mails: int) -> Iterator[str]:
    if address is not None:
        yield address
        return
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "stack") as stack:
        migrate = [sys.executable, "-m", "notification", "migrate"]
        subprocess.run(migrate, cwd=ROOT, env=stack.environment, check=True)
        fill(stack.service_dsn("NOTIFICATION"), mails)
        yield stack.service_dsn("NOTIFICATION")


def fill(address: str, mails: int) -> None:
    """Write the mails. What is no constraint's index is made afterwards, in a fraction of the time."""
    begin = time.perf_counter()
    connection = psycopg2.connect(address)
    with connection, connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = 'notification'::regclass AND NOT indisunique"
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        statement = (HERE / "fill.sql").read_text(encoding="utf-8")
        cursor.execute(statement, {"mails": mails, "kinds": [*Kind]})
        for _, definition in indexes:
            cursor.execute(definition)
    connection.autocommit = True
    connection.cursor().execute("VACUUM ANALYZE notification")
    connection.close()
    print(f"{mails:,} mails in {time.perf_counter() - begin:.0f} s", flush=True)


@asynccontextmanager
async def service(address: str) -> AsyncIterator[tuple[httpx2.AsyncClient, Identity]]:
    """The service's real application, and who signs its callers' tokens."""
    database = Database(make_url(address).set(drivername="postgresql+asyncpg"), application_name="benchmark")
    identity = Identity()
    # The limit of requests is for people; this is none.
    settings = Settings(
        db_name="-",
        db_user="-",
        db_password="-",
        unsubscribe_secrets="-" * 32,
        API_RATE_LIMIT="1000000/second",
    )
    transport = httpx2.ASGITransport(app=build_app(settings, database, identity.authenticator()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client, identity
    await database.close()


async def measure(address: str, repeat: int) -> list[Case]:
    async with service(address) as (client, identity):
        asked = [(case, asker(client, identity, case)) for case in await prepared(client, identity)]
        await take_turns(asked, repeat, check=check)
    return [case for case, _ in asked]


def check(case: Case, answer: httpx2.Response) -> None:
    assert answer.status_code == 200, (case.name, answer.text)


def asker(
    client: httpx2.AsyncClient, identity: Identity, case: Case
) -> Callable[[], Awaitable[httpx2.Response]]:
    headers = identity.headers(person(case.viewer.number), case.viewer.role)
    return lambda: client.get(case.path, params=case.parameters, headers=headers)


async def prepared(client: httpx2.AsyncClient, identity: Identity) -> list[Case]:
    """The cases, with the mails and the cursors that they ask for, and how many mails match."""
    ready = cases()
    for viewer in (EVERYBODYS, *OWN):
        page = (await asker(client, identity, Case(viewer, "", LIST, {"size": "200"}))()).json()
        if page["next_cursor"]:
            following = {"cursor": page["next_cursor"]}
            ready.append(Case(viewer, "cursor after 200 mails", LIST, following))
        for case in ready:
            if case.viewer is viewer:
                case.path = case.path.replace("{mail}", page["notifications"][0]["id"])
    for case in ready:
        if case.path == LIST:
            page = (await asker(client, identity, case)()).json()
            case.total = f"{page['total']:,}" + ("" if page["total_is_exact"] else "+")
    return ready


def report(measured: list[Case]) -> None:
    for viewer in (EVERYBODYS, *OWN):
        print(f"\n{viewer.name}: p50, p95, the longest, in ms")
        theirs = [case for case in measured if case.viewer is viewer]
        for case in sorted(theirs, key=p95):
            print(f"{printed(case)}  {case.name} ({case.total})")
    lists = [case for case in measured if case.path == LIST]
    slow = sum(p95(case) > GOAL_MS for case in lists)
    print(f"\n{len(lists) - slow} of {len(lists)} lists have a p95 of {GOAL_MS} ms or less")


def rows(measured: list[Case], mails: int) -> Iterator[tuple[object, ...]]:
    load = f"{os.getloadavg()[2]:.1f}"
    for case in measured:
        yield load, mails, case.viewer.name, case.name, case.total, *kept(case)


if __name__ == "__main__":
    main()
