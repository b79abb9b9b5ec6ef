"""All tasks that match, in no order, as the indexes of the filters find them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Text,
    Uuid,
    cast,
    column,
    func,
    literal,
    not_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, array

from service_kit.db import ReadSession
from task_meeting.models import Task
from task_meeting.queries.task_estimates import Asked
from task_meeting.queries.task_filters import (
    MARKS,
    Scope,
    conditions,
    has,
    in_projects,
    indexed,
    marks,
    to_query,
    words_within,
)
from task_meeting.schemas.task_lists import TaskFilters

Rows = Select[*tuple[Any, ...]]


def collected(rows: Rows, filters: TaskFilters, scope: Scope, asked: Asked, limit: int) -> Rows:
    """Of `rows` (ids and keys), `limit` of those that match."""
    others = conditions(filters, scope)
    # One after the other, until they are enough: GIN itself does not stop.
    if filters.label and filters.search is None and scope.projects is not None and not others:
        return _labelled(rows, filters.label, scope, limit).limit(limit)
    if len(asked.alternatives) > 1 and not filters.label and not others and not asked.are_common:
        return _by_words(rows, asked.alternatives, scope, limit).limit(limit)
    rows = rows.where(*indexed(filters, scope, asked.words), *others).limit(limit)
    # The indexes of words know the project. Named again, all its tasks would be collected from another index,
    # which pays only for what that one knows beside it.
    by_words = filters.label or filters.search is not None
    return rows if by_words and not others else rows.where(*in_projects(scope))


def _labelled(rows: Rows, label: str, scope: Scope, limit: int) -> Rows:
    """Those with a label, of one project after the other."""
    each = func.unnest(marks(label, scope)).table_valued(column("mark", Text)).render_derived()
    found = rows.where(MARKS.op("&&", is_comparison=True)(array([each.c.mark]))).limit(limit).lateral()
    return select(found.c.id, found.c.key).select_from(each.join(found, true()))


def _by_words(rows: Rows, words: Sequence[str], scope: Scope, limit: int) -> Rows:
    """Those with one word, then those with another, but not with those before it.

    In projects, each part reads much of what the index has of the projects, so there are only two: the first
    word is the beginning itself where that is a word, and likely the most common.
    """
    parts = [[word] for word in words] if scope.projects is None else [words[:1], words[1:]]
    before = [words[:number] for number in range(len(parts))]
    each = (
        func.unnest(_any_of(parts), _any_of(before))
        .table_valued(column("words", TSQUERY), column("before", TSQUERY))
        .render_derived()
    )
    found = rows.where(*words_within(each.c.words, scope), not_(has(each.c.before))).limit(limit).lateral()
    return select(found.c.id, found.c.key).select_from(each.join(found, true()))


def _any_of(parts: Sequence[Sequence[str]]) -> ColumnElement[Sequence[str]]:
    """A query of each part, read once and not for each task."""
    return cast(literal([" | ".join(part) for part in parts], ARRAY(Text)), ARRAY(TSQUERY))


async def are_met(
    session: ReadSession, filters: TaskFilters, scope: Scope, asked: Asked, number: int
) -> bool:
    """Whether so many matches are met on a short way past the newest tasks of one's projects.

    It is tried where they are likely to be, and the index of words would read far more to find them.
    """
    if scope.projects is None or filters.label or conditions(filters, scope) or not asked.are_common:
        return False
    passed = _newest(scope.projects, asked.passed * 3 // 2)
    met = select(passed.c.search).where(has(to_query(asked.words), passed.c.search)).limit(number)
    return await session.scalar(select(func.count()).select_from(met.subquery())) == number


def _newest(projects: Sequence[UUID], limit: int) -> Subquery:
    """The words of the newest tasks of each project, of so many tasks in all."""
    each = func.unnest(literal(projects, ARRAY(Uuid))).table_valued(column("oid", Uuid)).render_derived()
    tasks = select(Task.search).where(Task.project_oid == each.c.oid)
    # A number that the planner does not know: it would rather collect and sort those of an average project.
    few = select(literal(limit)).scalar_subquery()
    newest = tasks.order_by(Task.created_at.desc(), Task.id.desc()).limit(few).lateral()
    return select(newest.c.search).select_from(each.join(newest, true())).limit(limit).subquery()
