"""What it costs writers that searches know all words: creating a task, and importing 5,000, with and without.

    .venv/bin/python -m benchmarks.task_lists.writes [--tasks 1000000] [--repeat 20]

Both take turns in one database with many tasks. Every text has words of the others and two of its own.
"""

import argparse
import asyncio
import itertools
import json
import random
import statistics
import time
from collections import defaultdict
from typing import TYPE_CHECKING

import httpx2
from benchmarks.task_lists.run import asker_headers, filled_database, oid, service
from sqlalchemy import text

from service_kit.logging import configure_logging

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from service_kit.db import Database

IMPORTED = 5_000
CREATED = 50
TURNS = {"with": "ENABLE", "without": "DISABLE"}
_numbers = itertools.count()


def task() -> dict[str, object]:
    number = next(_numbers)
    words = [f"word{int(5000 ** random.random())}" for _ in range(40)]
    words += [f"new{number}x{time.time_ns()}", f"own{number}"]
    return {
        "title": " ".join(words[:6]),
        "description": " ".join(words[6:]),
        "project_oid": str(oid("project", 1)),
        "assignee_oid": None,
    }


async def create(client: httpx2.AsyncClient) -> None:
    for _ in range(CREATED):
        answer = await client.post("/api/tasks/", json=task())
        assert answer.status_code == 201, answer.text


async def bring(client: httpx2.AsyncClient) -> None:
    rows = json.dumps([task() for _ in range(IMPORTED)])
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/api/tasks/import/?format=json", content=rows, headers=headers)
    assert answer.status_code == 200, answer.text


async def measure(address: str, repeat: int) -> None:
    took_ms: dict[tuple[str, str], list[float]] = defaultdict(list)
    works: dict[str, Callable[[httpx2.AsyncClient], Awaitable[None]]] = {
        f"{CREATED} creations": create,
        f"import of {IMPORTED:,}": bring,
    }
    async with service(address) as (database, client, identity):
        client.headers.update(asker_headers(identity, 3, "admin"))
        for _ in range(repeat):
            for turn, switch in TURNS.items():
                await _switch(database, switch)
                for name, work in works.items():
                    begin = time.perf_counter()
                    await work(client)
                    took_ms[name, turn].append((time.perf_counter() - begin) * 1000)
        await _switch(database, "ENABLE")
    for name in works:
        report(name, took_ms[name, "with"], took_ms[name, "without"])


async def _switch(database: "Database", switch: str) -> None:
    async with database.transaction() as session:
        for trigger in ("task_words_on_creation", "task_words_on_change"):
            await session.execute(text(f"ALTER TABLE task {switch} TRIGGER {trigger}"))


def report(name: str, kept: list[float], not_kept: list[float]) -> None:
    for what, of in (("median", statistics.median), ("shortest", min)):
        whole, less = of(kept), of(not_kept)
        print(f"{name}: {what} {whole:.0f} ms, without {less:.0f} ms: {whole / less:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--database", help="the address of one that was filled before")
    options = parser.parse_args()
    configure_logging(service="benchmark", level="ERROR", log_format="console")
    with filled_database(options.database, options.tasks) as address:
        asyncio.run(measure(address, options.repeat))


if __name__ == "__main__":
    main()
