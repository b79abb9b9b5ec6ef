"""Lists of tasks, fast however many there are (benchmarks/task_lists, docs/adr/0017-tasks.md).

What matches is collected first, by whatever index finds it, up to a bound. If that is all, it is sorted. If
there is more, the first ones are met soon by walking along the index of the order: of each project by itself
where that index knows the filters too, as somebody's projects are nowhere neighbours in one of all.
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
    Select,
    SQLColumnExpression,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    column,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import InstrumentedAttribute

from service_kit.db import ReadSession
from task_meeting.models import Task
from task_meeting.queries.task_filters import (
    MARKS,
    NEVER,
    TIME,
    Scope,
    conditions,
    having,
    in_projects,
    indexed,
    marks,
    searched,
    unindexed,
)
from task_meeting.schemas.task_lists import COUNTED, FEW, SortColumn, TaskFilters

_Rows = Select[*tuple[Any, ...]]
Key = tuple[datetime | int | None, int]

_KEYS: dict[SortColumn, InstrumentedAttribute[Any]] = {
    "created_at": Task.created_at,
    "updated_at": Task.updated_at,
    "deadline": Task.due,
    "priority": Task.priority,
}
# What is searched for, in whole words; and plans for these values, as common and rare words want different
# indexes; no time for compiling them. And memory for the rows of a common word, or else whole pages would be
# remembered, and looked through again.
_PLANS = {"plan_cache_mode": "force_custom_plan", "jit": "off", "work_mem": "16MB"}
_PREPARE: Select[*tuple[Any, ...]] = select(
    func.task_search_query(bindparam("search", type_=Text)),
    *(func.set_config(name, value, true()) for name, value in _PLANS.items()),
)
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
    words = await session.scalar(_PREPARE, {"search": filters.search})
    page = _Page(order, limit, offset)
    count, tasks = await _few(session, _collected(filters, scope, order, words), page)
    if count <= FEW:
        return Total(count, exact=True), tasks
    near = _near(filters, scope, order, reach=limit + offset)
    bound = _countable(filters)
    count, tasks = await _show(session, _counted(filters, scope, bound), page.ids(near), order)
    return Total(min(count, bound), exact=count <= bound), tasks


async def _few(session: ReadSession, collected: _Rows, page: _Page) -> tuple[int, list[Task]]:
    """How many match, counted to one more than `FEW`; unless it is that, also the page.

    The planner is kept from walking the order's index in the hope to meet the few matches early.
    """
    found = collected.limit(FEW + 1).cte("found").prefix_with("MATERIALIZED")
    rest = select(found).where(*_after(page.order, found.c.key, found.c.id)).subquery()
    counted = select(func.count()).select_from(found).scalar_subquery()
    return await _show(session, counted, case((counted <= FEW, page.ids(rest))), page.order)


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


def _keyed(order: Order) -> _Rows:
    return select(Task.id.label("id"), _KEYS[order.column].label("key"))


def _collected(filters: TaskFilters, scope: Scope, order: Order, words: str | None) -> _Rows:
    """The ids and keys of all that match, as the indexes find them that are of no order."""
    rows, others = _keyed(order), conditions(filters, scope)
    if filters.label and filters.search is None and scope.projects is not None and not others:
        return _labelled(rows, filters.label, scope)
    rows = rows.where(*indexed(filters, scope, words), *others)
    # The indexes of words know the project. Named again, all its tasks would be collected from another index,
    # which pays only for what that one knows beside it.
    by_words = filters.label or filters.search is not None
    return rows if by_words and not others else rows.where(*in_projects(scope))


def _labelled(rows: _Rows, label: str, scope: Scope) -> _Rows:
    """Those with a label in one project after the other, until they are enough: GIN itself does not stop."""
    each = func.unnest(marks(label, scope)).table_valued(column("mark", Text)).render_derived()
    found = rows.where(MARKS.op("&&", is_comparison=True)(array([each.c.mark]))).limit(FEW + 1).lateral()
    return select(found.c.id, found.c.key).select_from(each.join(found, true()))


def _near(filters: TaskFilters, scope: Scope, order: Order, *, reach: int) -> FromClause:
    """The ids and keys of the next matching rows, `reach` of them for sure."""
    key = _KEYS[order.column]
    rows = _keyed(order).where(*conditions(filters, scope), *_after(order, key, Task.id))
    rows = rows.order_by(*_sorted(order, key, Task.id)).limit(reach)
    said = [*having(filters.label), *searched(filters.search)]
    if scope.projects is None or filters.team_oid or filters.user_oid or filters.mine:
        return rows.where(*in_projects(scope), *said).subquery()
    # Along the order: the index of words has told already that the matches are many, too many to sort.
    rows = rows.where(*map(unindexed, said))
    if len(scope.projects) == 1 or (said and len(scope.projects) > _FEW_PROJECTS):
        return rows.where(*in_projects(scope)).subquery()
    return _in_each(rows, scope.projects)


def _in_each(rows: _Rows, projects: Sequence[UUID]) -> FromClause:
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
