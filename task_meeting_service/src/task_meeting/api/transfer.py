"""Tasks in files: export and import."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from service_kit.http import Problem
from service_kit.http.answers import problem
from service_kit.http.idempotency import Answer, Once
from task_meeting.api.dependencies import ManagesTasks, ReadsTasks, Writing
from task_meeting.schemas.transfer import (
    MAX_ROWS,
    ExportQuery,
    Format,
    ImportQuery,
    ImportReport,
    RowError,
    TaskRow,
)
from task_meeting.service.transfer.exporting import export_tasks
from task_meeting.service.transfer.importing import import_tasks

router = APIRouter(prefix="/tasks", tags=["tasks"])

_MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv", "json": "application/json"}
_CSV = (
    "oid,project_oid,title,labels,deadline,deadline_time_zone\r\n"
    ",2b1c9a7e-1f6d-4a55-8d34-5e7a9d0c2b22,Close the books,billing,2026-12-01T18:00:00+03:00,UTC\r\n"
)
_FILE: dict[str, Any] = {
    "text/csv": {"schema": {"type": "string"}, "example": _CSV},
    "application/json": {
        "schema": {"type": "array", "maxItems": MAX_ROWS, "items": TaskRow.model_json_schema()},
        "example": [{"project_oid": "2b1c9a7e-1f6d-4a55-8d34-5e7a9d0c2b22", "title": "Close the books"}],
    },
}

_REPORTED = problem(
    422,
    "The file, or the `report`ed rows of it, cannot be imported.",
    "Nothing was imported: rows of the file have errors.",
    report=ImportReport(
        imported=False,
        created=3,
        updated=2,
        unchanged=40,
        errors=[RowError(row=17, column="status", detail="No status of this project's workflow")],
        errors_total=1,
    ).model_dump(),
)


@router.get(
    "/export/",
    summary="Export tasks to a file",
    response_class=StreamingResponse,
    responses={200: {"description": "The file, the oldest task first.", "content": _FILE}},
)
async def get_export(
    request: Request, access: ReadsTasks, query: Annotated[ExportQuery, Query()]
) -> StreamingResponse:
    """The tasks that a list with these filters has, all of them, as an import takes them.

    In CSV an apostrophe stands before what a spreadsheet would run as a formula; an import takes it off.
    """
    pieces = export_tasks(request.app.state.database, access, query)
    # What goes wrong at once is still a problem document; later on only the connection can be broken.
    first = await anext(pieces), await anext(pieces, b"")
    return StreamingResponse(
        _joined(first, pieces),
        media_type=_MEDIA_TYPES[query.format],
        headers={"Content-Disposition": f'attachment; filename="tasks.{query.format}"'},
    )


async def _joined(first: tuple[bytes, ...], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    for piece in first:
        yield piece
    async for piece in rest:
        yield piece


@router.post(
    "/import/",
    summary="Import tasks from a file",
    response_model=ImportReport,
    responses=_REPORTED,
    openapi_extra={"requestBody": {"required": True, "content": _FILE}},
)
async def post_import(
    *,
    request: Request,
    session: Writing,
    access: ManagesTasks,
    once: Once,
    query: Annotated[ImportQuery, Query()],
) -> Response:
    """Create and change tasks by the rows of a file: all of them or, when one has an error, none.

    A row with an `oid` changes that task, one without creates a task, with any status of the workflow, and
    without an assignee unless one is named. Errors are 422 with the same `report` that a dry run answers.
    """
    _check_media_type(request, query.format)
    body = await request.body()

    async def work() -> Answer:
        return Answer(HTTPStatus.OK, await import_tasks(session, access, query, body))

    return await once.run(session, access.oid, work)


def _check_media_type(request: Request, file_format: Format) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != _MEDIA_TYPES[file_format]:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"The body of a {file_format} import has the content type {_MEDIA_TYPES[file_format]}.",
        )
