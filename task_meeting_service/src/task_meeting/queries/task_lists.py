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
    DateTime,
    FromClause,
    Select,
    SQLColumnExpression,
    Text,
    Uuid,
    and_,
    any_,
    column,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import InstrumentedAttribute

from service_kit.db import ReadSession
from task_meeting.models import Task
from task_meeting.schemas.project_settings import ANY_OPEN
from task_meeting.schemas.task_lists import COUNTED, FEW, SortColumn, TaskFilters

_Rows = Select[*tuple[Any, ...]]
Key = tuple[datetime | int | None, int]

# A plan for these values, as a common word and a rare one want different indexes; no time for compiling it.
# And memory for the rows of a common word, or else whole pages would be remembered, and looked through again.
_PLAN = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),"
    " set_config('work_mem', '16MB', true)"
)
_TIME = DateTime(timezone=True)
# The `due` of a task without a deadline.
_NEVER: ColumnElement[datetime] = literal_column("'infinity'::timestamptz", _TIME)
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
class Scope:
    """Which tasks may be shown: those of some projects, or of all for None.

    `viewer_oid` is whose tasks `mine` means.
    """

    viewer_oid: UUID
    projects: Sequence[UUID] | None


async def find_tasks(
    session: ReadSession, filters: TaskFilters, scope: Scope, order: Order, *, limit: int, offset: int = 0
) -> tuple[Total, list[Task]]:
    """How many tasks match, and some of them in their order."""
    await session.execute(_PLAN)
    count, ids = await _few(session, filters, scope, order, limit=limit, offset=offset)
    if count <= FEW:
        return Total(count, exact=True), await _load(session, ids)
    near = _near(filters, scope, order, reach=limit + offset)
    ids = [*await session.scalars(_in_order(near, order, limit=limit, offset=offset))]
    return await _count(session, filters, scope), await _load(session, ids)


async def _few(
    session: ReadSession, filters: TaskFilters, scope: Scope, order: Order, *, limit: int, offset: int
) -> tuple[int, list[int]]:
    """How many match, counted to one more than `FEW`; unless it is that, also the ids of the page.

    The planner is kept from walking the order's index in the hope to meet the few matches early.
    """
    rows = _keyed(order).where(*_collected(filters, scope)).limit(FEW + 1)
    found = rows.cte("found").prefix_with("MATERIALIZED")
    rest = select(found).where(*_after(order, found.c.key, found.c.id)).subquery()
    page = _in_order(rest, order, limit=limit, offset=offset).scalar_subquery()
    counted = select(func.count()).select_from(found).scalar_subquery()
    count, ids = (await session.execute(select(counted, func.array(page)))).one()
    return count, list(ids)


async def _count(session: ReadSession, filters: TaskFilters, scope: Scope) -> Total:
    """How many match of those that are more than `FEW`."""
    bound = _countable(filters)
    if bound == FEW:
        return Total(FEW, exact=False)
    found = select(Task.id).where(*_conditions(filters, scope), *_in_projects(scope))
    counted = select(func.count()).select_from(found.limit(bound + 1).subquery())
    count = (await session.execute(counted)).scalar_one()
    return Total(min(count, bound), exact=count <= bound)


async def _load(session: ReadSession, ids: Sequence[int]) -> list[Task]:
    """The tasks, in the order of the ids."""
    tasks = await session.scalars(select(Task).where(Task.id == any_(literal(ids, ARRAY(BigInteger)))))
    by_id = {task.id: task for task in tasks}
    return [by_id[task_id] for task_id in ids]


def _countable(filters: TaskFilters) -> int:
    """How far: what must be looked up in the table, as no index alone can tell, is counted less far."""
    by_text = filters.label or filters.search or filters.mine
    by_due = filters.deadline_before or filters.deadline_after or filters.overdue
    several = [filters.team_oid, filters.user_oid, filters.status, by_due]
    return FEW if by_text or len([*filter(None, several)]) > 1 else COUNTED


def _keyed(order: Order) -> _Rows:
    return select(Task.id.label("id"), _KEYS[order.column].label("key"))


def _collected(filters: TaskFilters, scope: Scope) -> list[SQLColumnExpression[bool]]:
    """All that is asked for, as the indexes know it that are of no order."""
    others = _conditions(filters, scope)
    words = [*_labelled(filters.label, scope), *_worded(filters.search, scope)]
    # The indexes of words know the project. Named again, all its tasks would be collected from another index,
    # which pays only for what that one knows beside it.
    return [*words, *others] if words and not others else [*words, *others, *_in_projects(scope)]


def _conditions(filters: TaskFilters, scope: Scope) -> list[SQLColumnExpression[bool]]:
    """All but the project, which is the scope's matter, and the words, which are asked for in two ways."""
    any_open = filters.status == ANY_OPEN
    before, after = (literal(it, _TIME) for it in (filters.deadline_before, filters.deadline_after))
    given: list[tuple[object, SQLColumnExpression[bool]]] = [
        (filters.team_oid, Task.team_oid == filters.team_oid),
        (filters.user_oid, Task.assignee_oid == filters.user_oid),
        (filters.mine, or_(Task.assignee_oid == scope.viewer_oid, Task.reporter_oid == scope.viewer_oid)),
        (any_open or filters.overdue, Task.open),
        (filters.status and not any_open, Task.status == filters.status),
        (filters.deadline_before, Task.due < before),
        (filters.deadline_after, and_(Task.due >= after, Task.due < _NEVER)),
        (filters.overdue, Task.due < func.now()),
    ]
    return [condition for wanted, condition in given if wanted]


def _labelled(label: str | None, scope: Scope) -> list[ColumnElement[bool]]:
    """That a task has the label, if one is asked for, as its index answers: of all projects, or of these."""
    if label is None:
        return []
    wanted = [label] if scope.projects is None else [f"{project}\x1f{label}" for project in scope.projects]
    marks = func.task_marks(Task.project_oid, Task.labels)
    marked = marks.op("&&", is_comparison=True)(literal(wanted, ARRAY(Text)))
    # Where the label is common, and the table is read instead, the column spares most rows the slow function.
    return [marked, *map(_unindexed, _having(label))]


def _worded(search: str | None, scope: Scope) -> list[ColumnElement[bool]]:
    """The same of the words, if some are searched for."""
    if search is None or scope.projects is None:
        return _searched(search)
    return [*_searched(search), array([Task.project_oid]).overlap(literal(scope.projects, ARRAY(Uuid)))]


def _having(label: str | None) -> list[ColumnElement[bool]]:
    """That a task has the label, if one is asked for, as its row tells."""
    return [] if label is None else [Task.labels.contains([label])]


def _searched(search: str | None) -> list[ColumnElement[bool]]:
    """That a task has the words, if some are searched for, as its row tells."""
    if search is None:
        return []
    return [Task.search.op("@@", is_comparison=True)(func.search_query(search))]


def _unindexed(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same, but the planner looks for no index of it, and takes it to hold for nearly all rows."""
    return func.nullif(condition, false()).is_not(None)


def _in_projects(scope: Scope) -> list[ColumnElement[bool]]:
    match scope.projects:
        case None:
            return []
        case [project_oid]:
            return [Task.project_oid == project_oid]
        case projects:
            return [Task.project_oid == any_(literal(projects, ARRAY(Uuid)))]


def _near(filters: TaskFilters, scope: Scope, order: Order, *, reach: int) -> FromClause:
    """The ids and keys of the next matching rows, `reach` of them for sure."""
    key = _KEYS[order.column]
    rows = _keyed(order).where(*_conditions(filters, scope), *_after(order, key, Task.id))
    rows = rows.order_by(*_sorted(order, key, Task.id)).limit(reach)
    said = [*_having(filters.label), *_searched(filters.search)]
    if scope.projects is None or filters.team_oid or filters.user_oid or filters.mine:
        return rows.where(*_in_projects(scope), *said).subquery()
    # Along the order: the index of words has told already that the matches are many, too many to sort.
    rows = rows.where(*map(_unindexed, said))
    if len(scope.projects) == 1 or (said and len(scope.projects) > _FEW_PROJECTS):
        return rows.where(*_in_projects(scope)).subquery()
    each = (
        func.unnest(literal(scope.projects, ARRAY(Uuid))).table_valued(column("oid", Uuid)).render_derived()
    )
    nearest = rows.where(Task.project_oid == each.c.oid).lateral()
    return select(nearest.c.id, nearest.c.key).select_from(each.join(nearest, true())).subquery()


def _in_order(rows: FromClause, order: Order, *, limit: int, offset: int) -> Select[tuple[int]]:
    return select(rows.c.id).order_by(*_sorted(order, rows.c.key, rows.c.id)).limit(limit).offset(offset)


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
            return _NEVER
        case datetime():
            return literal(value, _TIME)
    return literal(value, BigInteger)
