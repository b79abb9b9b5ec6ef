"""Lists of tasks: only of projects that are seen, a page at a time."""

from datetime import datetime
from typing import cast
from uuid import UUID

from service_kit.db import ReadSession
from service_kit.http.cursor import decode_cursor, encode_cursor
from task_meeting.models import Task
from task_meeting.queries.task_filters import Scope
from task_meeting.queries.task_lists import Order, Total, find_tasks
from task_meeting.schemas import tasks as schemas
from task_meeting.schemas.task_lists import SortColumn, TaskPage, TaskQuery
from task_meeting.service.access import Access


async def list_tasks(session: ReadSession, access: Access, query: TaskQuery) -> TaskPage:
    """A page of the tasks that match. Raises `CursorError`."""
    order = _order(query)
    scope = await scope_of(session, access, query.project_oid)
    total, found = Total(0, exact=True), list[Task]()
    if scope.projects != []:
        total, found = await find_tasks(
            session, query, scope, order, limit=query.size + 1, offset=query.offset
        )
    return _page(query, order, total, found)


async def scope_of(session: ReadSession, access: Access, project_oid: UUID | None) -> Scope:
    """The tasks that the caller sees: of one project, if it is asked for, or of all."""
    return Scope(access.oid, _within(await access.projects(session), project_oid))


def _within(projects: list[UUID] | None, wanted: UUID | None) -> list[UUID] | None:
    """The projects that are both seen and wanted; None for all."""
    if wanted is None:
        return projects
    return [wanted] if projects is None or wanted in projects else []


def _order(query: TaskQuery) -> Order:
    column = cast("SortColumn", query.sort.removeprefix("-"))
    after = None
    if query.cursor is not None:
        shape = tuple[int, int] if column == "priority" else tuple[datetime | None, int]
        after = decode_cursor(query.cursor, query.filters, shape)
    return Order(column, query.sort.startswith("-"), after)


def _page(query: TaskQuery, order: Order, total: Total, found: list[Task]) -> TaskPage:
    shown = found[: query.size]
    more = len(found) > query.size
    return TaskPage(
        tasks=[schemas.Task.model_validate(task) for task in shown],
        total=total.tasks,
        total_is_exact=total.exact,
        page=None if query.cursor else query.page or 1,
        size=query.size,
        next_cursor=encode_cursor(order.key(shown[-1]), query.filters) if more else None,
    )
