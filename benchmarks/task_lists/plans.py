"""How PostgreSQL finds the tasks of a list: the plans of the statements that a request really sends."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

import httpx2
from sqlalchemy import event, text

from service_kit.db import Database

_INDEX = re.compile(r"(?:Index (?:Only )?Scan(?: Backward)? using|Bitmap Index Scan on) (\w+)")


class _Case(Protocol):
    viewer: Any
    name: str
    path: str


async def explain(
    database: Database, asked: Sequence[tuple[_Case, Callable[[], Awaitable[httpx2.Response]]]]
) -> str:
    """The plans of all lists, with the indexes of each."""
    sections = [
        "# Plans\n\nWritten by `run.py --explain`: what each list asks of `task`, and which indexes answer.\n"
    ]
    for case, ask in asked:
        # Forty projects are three with a longer list.
        if case.path == "/api/tasks/" and not case.viewer.name.startswith("40"):
            plans = [await _plan(database, *it) for it in await _statements(database, ask) if "task" in it[0]]
            used = sorted({name for plan in plans for name in _INDEX.findall(plan)} - {"pk_task"})
            sections.append(f"## {case.viewer.name}: {case.name}\n\n{', '.join(used)}\n")
            sections.extend(f"```\n{_shortened(plan)}\n```\n" for plan in plans)
    return "\n".join(sections)


def _shortened(plan: str) -> str:
    """Without the long lists of oids, and without times: those of one run on any machine say nothing."""
    return re.sub(r"'\{[^}]{80,}\}'", "'{…}'", plan)


async def _statements(
    database: Database, ask: Callable[[], Awaitable[httpx2.Response]]
) -> list[tuple[str, Sequence[Any]]]:
    sent: list[tuple[str, Sequence[Any]]] = []
    engine = database._engine.sync_engine  # noqa: SLF001 - only it sees what is sent

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        await ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return sent


async def _plan(database: Database, statement: str, parameters: Sequence[Any]) -> str:
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        await session.execute(text("SET LOCAL jit = off"))
        await session.execute(text("SET LOCAL work_mem = '16MB'"))
        connection = await session.connection()
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        rows = await raw.fetch(
            f"EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF, TIMING OFF, SUMMARY OFF) {statement}", *parameters
        )
    return "\n".join(row[0] for row in rows)
