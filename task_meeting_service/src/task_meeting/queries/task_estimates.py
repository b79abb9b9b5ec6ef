"""What is known of a list before any task is looked at: its words, and about how many tasks have them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Float, Select, Text, bindparam, column, func, select, true

from service_kit.db import ReadSession
from task_meeting.schemas.task_lists import FEW, TaskFilters

# Plans for the values that are asked for, as common and rare words want different indexes; no time for
# compiling them. And memory for the rows of a common word, or else whole pages would be remembered, and
# looked through again.
_PLANS = {"plan_cache_mode": "force_custom_plan", "jit": "off", "work_mem": "16MB"}
_SEARCH = (
    func.task_search_query(bindparam("search", type_=Text))
    .table_valued(column("words", Text), name="search")
    .render_derived()
)
_ESTIMATE = (
    func.task_estimate(_SEARCH.c.words, bindparam("label", type_=Text))
    .table_valued(column("matching", Float), column("tasks", Float))
    .alias("estimate")
)
_PREPARE: Select[*tuple[Any, ...]] = select(
    _SEARCH.c.words,
    _ESTIMATE.c.matching,
    _ESTIMATE.c.tasks,
    *(func.set_config(name, value, true()) for name, value in _PLANS.items()),
).select_from(_SEARCH.join(_ESTIMATE, true()))
# Five entries of the index of words are read in the time in which one task is walked past; and the more tasks
# are passed, the less sure it is that one's projects are as the others.
_READ_PER_PASSED = 10
# Up to so many are sorted rather than walked to.
_SORTED = 3 * FEW


@dataclass(frozen=True, slots=True)
class Asked:
    """A label and a search, as the database knows them.

    `words` are what `task_search_query` says of the search. `matching` is about how many tasks of all have
    them and the label, `tasks` how many there are; None is unknown. They choose the way, never the answer.
    """

    words: str | None
    matching: float | None
    tasks: float | None

    @property
    def alternatives(self) -> list[str]:
        """The quoted words, any one of which is searched for; none unless they are all that is."""
        if self.words is None or "&" in self.words or "*" in self.words:
            return []
        return self.words.strip("()").split(" | ")

    @property
    def sortable(self) -> int:
        """So many are rather sorted than walked to; 0 if there are likely more, or if nobody knows."""
        return _SORTED if self.matching is not None and self.matching <= _SORTED else 0

    @property
    def passed(self) -> int:
        """So many tasks are walked past, about, until more than `FEW` are met that match."""
        return int(FEW * (self.tasks or 0) / max(self.matching or 0, 1))

    @property
    def are_common(self) -> bool:
        """Whether the way past other tasks is shorter than the one through the index of words."""
        return (self.matching or 0) > _READ_PER_PASSED * self.passed > 0


async def prepare(session: ReadSession, filters: TaskFilters) -> Asked:
    """What is known of the label and the search; and settings for the statements of this transaction."""
    row = (await session.execute(_PREPARE, {"search": filters.search, "label": filters.label})).one()
    return Asked(row.words, row.matching, row.tasks)
