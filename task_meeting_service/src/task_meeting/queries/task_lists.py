"""Lists of tasks, fast however many there are (benchmarks/task_lists, docs/adr/0017-tasks.md).

What matches is collected first, by whatever index finds it, up to a bound. If that is all, it is sorted. If
there is more, the first ones are met soon by walking along the index of the order: of each project by itself
where that index knows the filters too, as somebody's projects are nowhere neighbours in one of all. Of words
that are very common it is enough to meet the bound on the way past other tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    SQLColumnExpression,
    Uuid,
    any_,
    case,
    column,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from service_kit.db import ReadSession
from task_meeting.models import Task
from task_meeting.queries.task_estimates import prepare
from task_meeting.queries.task_filters import (
    NEVER,
    TIME,
    Scope,
    conditions,
    having,
    in_projects,
    searched,
    unindexed,
)
from task_meeting.queries.task_matches import Rows, are_met, collected
from task_meeting.schemas.task_lists import COUNTED, FEW, SortColumn, TaskFilters

Key = tuple[datetime | int | None, int]

_KEYS: dict[SortColumn, InstrumentedAttribute[Any]] = {
    "created_at": Task.created_at,
    "updated_at": Task.updated_at,
    "deadline": Task.due,
    "priority": Task.priority,
}
# So many are walked through by themselves also for a label or a search, which may take far in each of them.
_FEW_PROJECTS = 8


@dataclass(frozen=True, slots=True)
class Total:
    """How many tasks match, or as many as were counted."""

    tasks: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Order:
    """By a column, and among equals by age; `after` is the key of the last row that was shown."""

    column: SortColumn
    descending: bool
    after: Key | None = None

    def key(self, task: Task) -> Key:
        """The sort values of a row, for `after`."""
        return getattr(task, self.column), task.id


@dataclass(frozen=True, slots=True)
class _Page:
    order: Order
    limit: int
    offset: int

    def ids(self, rows: FromClause) -> ColumnElement[Sequence[int]]:
        """Those of the page among rows of ids and keys."""
        ordered = select(rows.c.id).order_by(*_sorted(self.order, rows.c.key, rows.c.id))
        return func.array(ordered.limit(self.limit).offset(self.offset).scalar_subquery())


async def find_tasks(
    session: ReadSession, filters: TaskFilters, scope: Scope, order: Order, *, limit: int, offset: int = 0
) -> tuple[Total, list[Task]]:
    """How many tasks match, and some of them in their order."""
    asked = await prepare(session, filters)
    page = _Page(order, limit, offset)
    if not await are_met(session, filters, scope, asked, FEW + 1):
        few = max(FEW, asked.sortable)
        found = collected(_keyed(order), filters, scope, asked, few + 1)
        count, tasks = await _few(session, found, page, few)
        if count <= few:
            return Total(min(count, FEW), exact=count <= FEW), tasks
    near = _near(filters, scope, order, reach=limit + offset)
    bound = _countable(filters)
    count, tasks = await _show(session, _counted(filters, scope, bound), page.ids(near), order)
    return Total(min(count, bound), exact=count <= bound), tasks


async def _few(session: ReadSession, collected: Rows, page: _Page, few: int) -> tuple[int, list[Task]]:
    """How many were collected; unless they are more than `few`, also the page.

    The planner is kept from walking the order's index in the hope to meet the few matches early.
    """
    found = collected.cte("found").prefix_with("MATERIALIZED")
    rest = select(found).where(*_after(page.order, found.c.key, found.c.id)).subquery()
    counted = select(func.count()).select_from(found).scalar_subquery()
    return await _show(session, counted, case((counted <= few, page.ids(rest))), page.order)


async def _show(
    session: ReadSession, counted: ColumnElement[int], ids: ColumnElement[Sequence[int]], order: Order
) -> tuple[int, list[Task]]:
    """The count, and the tasks with the ids in their order, in one go."""
    found = select(counted.label("tasks"), ids.label("ids")).subquery()
    shown = select(found.c.tasks, Task).select_from(found.outerjoin(Task, Task.id == any_(found.c.ids)))
    rows = (await session.execute(shown.order_by(*_sorted(order, _KEYS[order.column], Task.id)))).all()
    return rows[0].tasks, [task for _, task in rows if task is not None]


def _counted(filters: TaskFilters, scope: Scope, bound: int) -> ColumnElement[int]:
    """How many match of those that are more than `FEW`, counted to one more than `bound`."""
    if bound == FEW:
        return literal(FEW + 1)
    found = select(Task.id).where(*conditions(filters, scope), *in_projects(scope)).limit(bound + 1)
    return select(func.count()).select_from(found.subquery()).scalar_subquery()


def _countable(filters: TaskFilters) -> int:
    """How far: what must be looked up in the table, as no index alone can tell, is counted less far."""
    by_text = filters.label or filters.search or filters.mine
    by_due = filters.deadline_before or filters.deadline_after or filters.overdue
    several = [filters.team_oid, filters.user_oid, filters.status, by_due]
    return FEW if by_text or len([*filter(None, several)]) > 1 else COUNTED


def _keyed(order: Order) -> Rows:
    return select(Task.id.label("id"), _KEYS[order.column].label("key"))


def _near(filters: TaskFilters, scope: Scope, order: Order, *, reach: int) -> FromClause:
    """The ids and keys of the next matching rows, `reach` of them for sure."""
    key = _KEYS[order.column]
    rows = _keyed(order).where(*conditions(filters, scope), *_after(order, key, Task.id))
    rows = rows.order_by(*_sorted(order, key, Task.id)).limit(reach)
    said = [*having(filters.label), *searched(filters.search)]
    if scope.projects is None or filters.team_oid or filters.user_oid or filters.mine:
        return rows.where(*in_projects(scope), *said).subquery()
    # Along the order: the index of words has told already that the matches are many, too many to sort.
    passed = [*map(unindexed, said)]
    if len(scope.projects) <= _FEW_PROJECTS:
        return _merged(rows.where(*passed), scope.projects)
    if passed:
        # Rows of other projects are left alone before their words are looked at.
        return rows.where(*in_projects(scope), *passed).subquery()
    return _in_each(rows, scope.projects)


def _merged(rows: Rows, projects: Sequence[UUID]) -> FromClause:
    """Of each project by itself, and no further than they are shown."""
    each = [rows.where(Task.project_oid == oid) for oid in projects]
    return each[0].subquery() if len(each) == 1 else union_all(*each).subquery()


def _in_each(rows: Rows, projects: Sequence[UUID]) -> FromClause:
    """The same of many, each to the end of `rows`: to plan a union of them takes longer than to run it."""
    each = func.unnest(literal(projects, ARRAY(Uuid))).table_valued(column("oid", Uuid)).render_derived()
    nearest = rows.where(Task.project_oid == each.c.oid).lateral()
    return select(nearest.c.id, nearest.c.key).select_from(each.join(nearest, true())).subquery()


def _sorted(order: Order, *keys: SQLColumnExpression[Any]) -> list[ColumnElement[Any]]:
    return [key.desc() if order.descending else key.asc() for key in keys]


def _after(order: Order, *keys: SQLColumnExpression[Any]) -> list[ColumnElement[bool]]:
    """That a row comes after the one that the order was shown up to."""
    if order.after is None:
        return []
    here, there = tuple_(*keys), tuple_(*map(_bound, order.after))
    return [here < there if order.descending else here > there]


def _bound(value: datetime | int | None) -> ColumnElement[Any]:
    """A value of a key; as wide as what a cursor may claim."""
    match value:
        case None:
            return NEVER
        case datetime():
            return literal(value, TIME)
    return literal(value, BigInteger)
