"""Filters of tasks, as the table and its indexes know them (docs/adr/0017-tasks.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    SQLColumnExpression,
    Text,
    Uuid,
    and_,
    any_,
    cast,
    false,
    func,
    literal,
    literal_column,
    or_,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, array

from task_meeting.models import Task
from task_meeting.schemas.project_settings import ANY_OPEN
from task_meeting.schemas.task_lists import TaskFilters

TIME = DateTime(timezone=True)
# The `due` of a task without a deadline.
NEVER: ColumnElement[datetime] = literal_column("'infinity'::timestamptz", TIME)
# What the index of labels holds of a task.
MARKS = func.task_marks(Task.project_oid, Task.labels, type_=ARRAY(Text))
_Condition = SQLColumnExpression[bool]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which tasks may be shown: those of some projects, or of all for None.

    `viewer_oid` is whose tasks `mine` means.
    """

    viewer_oid: UUID
    projects: Sequence[UUID] | None


def conditions(filters: TaskFilters, scope: Scope) -> list[_Condition]:
    """All but the project, which is the scope's matter, and the words, which are asked for in two ways."""
    any_open = filters.status == ANY_OPEN
    given: list[tuple[object, Callable[[], _Condition]]] = [
        (filters.team_oid, lambda: Task.team_oid == filters.team_oid),
        (filters.user_oid, lambda: Task.assignee_oid == filters.user_oid),
        (filters.mine, lambda: _is_of(scope.viewer_oid)),
        (any_open or filters.overdue, lambda: Task.open),
        (filters.status and not any_open, lambda: Task.status == filters.status),
        (filters.deadline_before, lambda: Task.due < literal(filters.deadline_before, TIME)),
        (filters.deadline_after, lambda: _is_due_after(literal(filters.deadline_after, TIME))),
        (filters.overdue, lambda: Task.due < func.now()),
    ]
    return [condition() for wanted, condition in given if wanted]


def _is_of(person_oid: UUID) -> _Condition:
    return or_(Task.assignee_oid == person_oid, Task.reporter_oid == person_oid)


def _is_due_after(moment: ColumnElement[datetime | None]) -> _Condition:
    return and_(Task.due >= moment, Task.due < NEVER)


def in_projects(scope: Scope) -> list[_Condition]:
    """That a task is in one of the projects."""
    match scope.projects:
        case None:
            return []
        case [project_oid]:
            return [Task.project_oid == project_oid]
        case projects:
            return [Task.project_oid == any_(literal(projects, ARRAY(Uuid)))]


def indexed(filters: TaskFilters, scope: Scope, words: str | None) -> list[_Condition]:
    """That a task has the label and the words, as their indexes answer: of all projects, or of these.

    `words` are what `task_search_query` says of the search.
    """
    label = [] if filters.label is None else [_is_marked(filters.label, scope)]
    # Where the label is common, and the table is read instead, the column spares most rows the slow function.
    searched = [] if filters.search is None else words_within(to_query(words), scope)
    return [*label, *map(unindexed, having(filters.label)), *searched]


def marks(label: str, scope: Scope) -> ColumnElement[Sequence[str]]:
    """What the index of labels holds of the tasks with this one: of each project, or of all together."""
    wanted = [label] if scope.projects is None else [f"{project}\x1f{label}" for project in scope.projects]
    return literal(wanted, ARRAY(Text))


def _is_marked(label: str, scope: Scope) -> _Condition:
    return MARKS.op("&&", is_comparison=True)(marks(label, scope))


def words_within(query: ColumnElement[str | None], scope: Scope) -> list[_Condition]:
    """That a task of the scope has the words, as their index answers."""
    if scope.projects is None:
        return [has(query)]
    return [has(query), array([Task.project_oid]).overlap(literal(scope.projects, ARRAY(Uuid)))]


def has(query: ColumnElement[str | None], search: SQLColumnExpression[str] = Task.search) -> _Condition:
    """That words satisfy a query; those of the task, unless others are given."""
    return search.op("@@", is_comparison=True)(query)


def to_query(words: str | None) -> ColumnElement[str | None]:
    """What `task_search_query` said, as a query."""
    return cast(literal(words, Text), TSQUERY)


def having(label: str | None) -> list[_Condition]:
    """That a task has the label, if one is asked for, as its row tells."""
    return [] if label is None else [Task.labels.contains([label])]


def searched(search: str | None) -> list[_Condition]:
    """That a task has the words, if some are searched for, as its row tells."""
    if search is None:
        return []
    return [has(func.search_query(search))]


def unindexed(condition: _Condition) -> _Condition:
    """The same, but the planner looks for no index of it, and takes it to hold for nearly all rows."""
    return func.nullif(condition, false()).is_not(None)
