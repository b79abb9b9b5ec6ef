"""Tasks as files carry them: the rows of imports and exports, and what became of them."""

from typing import Literal

from pydantic import Field

from service_kit.http import NoQuery
from task_meeting.schemas.base import ProjectOid, Schema
from task_meeting.schemas.task_lists import TaskFilters
from task_meeting.schemas.tasks import TaskOid, TaskPatch

MAX_ROWS = 5_000
MAX_BYTES = 5_000_000
# Errors that a report shows; whoever has more has one kind of them.
MAX_ERRORS = 100

Format = Literal["csv", "json"]
# The columns of an export, in their order; an import takes these, and needs the first three.
COLUMNS = (
    "oid",
    "project_oid",
    "title",
    "description",
    "team_oid",
    "assignee_oid",
    "status",
    "priority",
    "labels",
    "deadline",
    "deadline_time_zone",
)
REQUIRED = COLUMNS[:3]


class TaskRow(TaskPatch):
    """A row of a file. With an `oid` it changes that task, without one it makes a new task.

    What a row leaves out stays as it is, or is as in any new task; but nobody is chosen for a task that has
    no assignee here.
    """

    oid: TaskOid | None = None
    project_oid: ProjectOid | None = Field(None, description="A task stays in its project.")


class RowError(Schema):
    """Why a row cannot be imported."""

    row: int = Field(description="From 1; a CSV file's header does not count.", examples=[17])
    column: str | None = Field(description="Null when it is about the whole row.", examples=["status"])
    detail: str = Field(examples=["No status of this project's workflow"])


class ImportReport(Schema):
    """What an import did, or would do. Either all rows are imported or none."""

    imported: bool = Field(description="Whether anything was written: no, in a dry run or with errors.")
    created: int = Field(examples=[3])
    updated: int = Field(examples=[2])
    unchanged: int = Field(examples=[40])
    errors: list[RowError] = Field(description=f"The first {MAX_ERRORS}.", examples=[[]])
    errors_total: int = Field(examples=[0])


class ExportQuery(TaskFilters):
    """Which tasks, and how they are written."""

    format: Format = Field(description="text/csv in UTF-8, or application/json.")


class ImportQuery(NoQuery):
    """How a file is read."""

    format: Format = Field(description="The body is text/csv in UTF-8, or application/json.")
    dry_run: bool = Field(default=False, description="Only report what would be done.")
