"""Lists of tasks: what can be asked for, and the answer."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from service_kit.http import NoQuery
from service_kit.http.cursor import Cursor
from service_kit.http.paging import MAX_SIZE
from service_kit.http.values import Instant
from task_meeting.schemas.base import Schema
from task_meeting.schemas.tasks import Label, StatusName, Task
from task_meeting.schemas.values import NO_NUL

# How far the tasks of a list are counted when an index can do it, and how far pages can be named by numbers.
COUNTED = 10_000
# How far they are counted in any case.
FEW = 1_000

SortColumn = Literal["created_at", "updated_at", "deadline", "priority"]
Sort = Literal[
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "deadline",
    "-deadline",
    "priority",
    "-priority",
]
Size = Annotated[int, Field(ge=1, le=MAX_SIZE, description="Items on a page.")]


class TaskFilters(NoQuery):
    """Which tasks; all filters hold together."""

    project_oid: UUID | None = Field(None, description="Of a project that the caller does not see: none.")
    team_oid: UUID | None = None
    user_oid: UUID | None = Field(None, description="Who is assigned.")
    status: StatusName | None = Field(
        None, description="A status, or `open` for every one that is not final.", examples=["open"]
    )
    label: Label | None = Field(None, examples=["billing"])
    deadline_before: Instant | None = Field(None, description="Due before this time.")
    deadline_after: Instant | None = Field(None, description="Due at this time or later.")
    search: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        pattern=NO_NUL,
        description="Beginnings of words of the title and the description, in any order.",
        examples=["invoice"],
    )
    mine: bool = Field(default=False, description="Only what the caller is assigned to or has reported.")
    overdue: bool = Field(default=False, description="Only open tasks whose deadline has passed.")


class TaskQuery(TaskFilters):
    """Which tasks, in which order, and which part of them."""

    sort: Sort = Field(
        "-created_at",
        description="A leading `-` turns it round. A task without a deadline is due at the end of time.",
    )
    size: Size = 50
    cursor: Cursor | None = None
    page: int | None = Field(
        None,
        ge=1,
        le=COUNTED,
        description=f"From 1, for the first {COUNTED:,} tasks; beyond them, and with lists that change"
        " meanwhile, follow `next_cursor`.",
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.cursor is not None and self.page is not None:
            raise ValueError("Give either `page` or `cursor`")
        if self.offset + self.size > max(COUNTED, self.size):
            raise ValueError(f"Pages end after {COUNTED:,} tasks; follow `next_cursor`")
        return self

    @property
    def offset(self) -> int:
        return 0 if self.page is None else (self.page - 1) * self.size

    @property
    def filters(self) -> dict[str, object]:
        """All that the list depends on, but for the place in it: what a cursor belongs to."""
        return self.model_dump(mode="json", exclude={"size", "cursor", "page"})


class TaskPage(Schema):
    """A page of tasks."""

    tasks: list[Task]
    total: int = Field(
        description=f"Tasks on all pages, counted to {COUNTED:,}, or only to {FEW:,} for a label, a search,"
        " `mine`, or several filters beside the project.",
        examples=[1],
    )
    total_is_exact: bool = Field(description="Whether there are no more than `total`.", examples=[True])
    page: int | None = Field(description="Null when a cursor was followed.", examples=[1])
    size: int = Field(examples=[50])
    next_cursor: str | None = Field(description="For the next page; null on the last one.", examples=[None])


class PartQuery(NoQuery):
    """Which part of what belongs to one task."""

    size: Size = 50
    cursor: Cursor | None = None
