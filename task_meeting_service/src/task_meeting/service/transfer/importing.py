"""Importing tasks: every row, or none."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import TypeVar

from service_kit.db import WriteSession
from service_kit.http import Problem
from task_meeting.schemas.transfer import MAX_ERRORS, ImportQuery, ImportReport, RowError
from task_meeting.service.access import Access
from task_meeting.service.tasks import changing
from task_meeting.service.transfer.planning import Plan, make_plan
from task_meeting.service.transfer.reading import read_rows
from task_meeting.service.transfer.rows import check_rows

_T = TypeVar("_T")
_CHUNK = 500


async def import_tasks(
    session: WriteSession, access: Access, query: ImportQuery, body: bytes
) -> ImportReport:
    """Create and change the tasks of a file, or only report what that would do.

    Raises:
        InvalidValueError: the body is no file of the format, or has other columns.
        Problem: 413 for too many rows; 422 with the report when a row is wrong and it is no dry run.
    """
    rows, errors = check_rows(read_rows(body, query.format))
    plan = await make_plan(session, access, rows)
    errors = sorted([*errors, *plan.errors], key=lambda error: error.row)
    report = _report(plan, errors, imported=not (query.dry_run or errors))
    if report.imported:
        await _apply(session, plan)
    elif errors and not query.dry_run:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Nothing was imported: rows of the file have errors.",
            extra={"report": report.model_dump(mode="json")},
        )
    return report


def _report(plan: Plan, errors: Sequence[RowError], *, imported: bool) -> ImportReport:
    return ImportReport(
        imported=imported,
        created=len(plan.creations),
        updated=len(plan.changes),
        unchanged=plan.unchanged,
        errors=list(errors[:MAX_ERRORS]),
        errors_total=len(errors),
    )


async def _apply(session: WriteSession, plan: Plan) -> None:
    for creations in _chunks(plan.creations):
        await changing.create(session, creations)
    for changes in _chunks(plan.changes):
        await changing.change(session, changes)


def _chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
