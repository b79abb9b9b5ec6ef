"""Exporting tasks: a file of any length, made and sent a piece at a time."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from service_kit.db import Database
from task_meeting.models import Task
from task_meeting.queries.task_lists import Order, find_tasks
from task_meeting.schemas import tasks as schemas
from task_meeting.schemas.transfer import COLUMNS, ExportQuery
from task_meeting.service.access import Access
from task_meeting.service.tasks.listing import scope_of
from task_meeting.service.transfer.cells import to_cell

_CHUNK = 500
_FIELDS = set(COLUMNS)

Values = dict[str, Any]


def export_tasks(database: Database, access: Access, query: ExportQuery) -> AsyncIterator[bytes]:
    """The file, piece by piece; the oldest task first.

    Each piece is asked for by itself: a slow reader holds no connection, and a task that is changed meanwhile
    is written as it was or as it is. What the caller may see is asked anew each time.
    """
    chunks = _chunks(database, access, query)
    return _csv(chunks) if query.format == "csv" else _json(chunks)


async def _chunks(database: Database, access: Access, query: ExportQuery) -> AsyncIterator[list[Values]]:
    order = Order("created_at", descending=False)
    while tasks := await _next(database, access, query, order):
        yield [_values(task) for task in tasks]
        if len(tasks) < _CHUNK:
            return
        order = Order("created_at", descending=False, after=order.key(tasks[-1]))


async def _next(database: Database, access: Access, query: ExportQuery, order: Order) -> list[Task]:
    async with database.read() as session:
        scope = await scope_of(session, access, query.project_oid)
        if scope.projects == []:
            return []
        _, tasks = await find_tasks(session, query, scope, order, limit=_CHUNK)
        return tasks


def _values(task: Task) -> Values:
    shown = schemas.Task.model_validate(task).model_dump(mode="json", include=_FIELDS)
    return {name: shown[name] for name in COLUMNS}


async def _csv(chunks: AsyncIterator[list[Values]]) -> AsyncIterator[bytes]:
    """RFC 4180, in UTF-8."""
    yield _lines([COLUMNS])
    async for rows in chunks:
        yield _lines([[to_cell(value) for value in row.values()] for row in rows])


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    piece = io.StringIO(newline="")
    csv.writer(piece).writerows(rows)
    return piece.getvalue().encode()


async def _json(chunks: AsyncIterator[list[Values]]) -> AsyncIterator[bytes]:
    """An array, a row a line."""
    yield b"["
    before = "\n"
    async for rows in chunks:
        yield (before + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)).encode()
        before = ",\n"
    yield b"\n]\n"
