"""Tasks as HTTP carries them: what is answered, and what may be written."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, JsonValue

from service_kit.http.values import Instant
from task_meeting.schemas.base import Moment, ProjectOid, Schema, TeamOid, UserOid
from task_meeting.schemas.values import LINE_SCHEMA, NO_NUL, ONE_LINE, Strict, TimeZone, each_once

PriorityWord = Literal["low", "normal", "high", "urgent"]
PRIORITIES: Sequence[PriorityWord] = get_args(PriorityWord)


def _word(value: Any) -> Any:
    return PRIORITIES[value] if isinstance(value, int) else value


TaskOid = Annotated[UUID, Field(examples=["019aa5f0-3c1e-7b52-8f3d-6f1f0c7a9e44"])]
Title = Annotated[
    str,
    Field(min_length=1, max_length=200, json_schema_extra=LINE_SCHEMA, examples=["Close the books"]),
    ONE_LINE,
]
Description = Annotated[
    str,
    Field(
        max_length=20_000,
        pattern=NO_NUL,
        description="Markdown. Whoever shows it as HTML has to sanitize it.",
        examples=["Ask **Anna** for the invoices."],
    ),
]
Label = Annotated[str, Field(min_length=1, max_length=50, json_schema_extra=LINE_SCHEMA), ONE_LINE]
Labels = Annotated[
    list[Label],
    Field(max_length=20, json_schema_extra={"uniqueItems": True}, examples=[["billing", "q4"]]),
    AfterValidator(each_once("label")),
]
StatusName = Annotated[
    str,
    Field(
        max_length=40,
        pattern=r"^[a-z][a-z0-9_]*$",
        description="One of the project's workflow.",
        examples=["in_progress"],
    ),
]


class Task(Schema):
    """A task."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[1], description="Paths take it as well as the oid.")
    oid: TaskOid
    title: str = Field(examples=["Close the books"])
    description: str = Field(description="Markdown.", examples=["Ask **Anna** for the invoices."])
    project_oid: ProjectOid
    team_oid: TeamOid | None
    assignee_oid: UserOid | None
    reporter_oid: UserOid
    status: str = Field(examples=["in_progress"])
    priority: Annotated[PriorityWord, BeforeValidator(_word)]
    labels: list[str] = Field(examples=[["billing", "q4"]])
    deadline: Moment | None
    deadline_time_zone: str | None = Field(
        description="Where the deadline was meant, for showing it.", examples=["Europe/Moscow"]
    )
    created_at: Moment
    updated_at: Moment
    completed_at: Moment | None
    version: int = Field(
        description="Grows by one with every change; the `ETag` is made of it.", examples=[1]
    )


class NewTask(Strict):
    """A task to be created; its reporter is whoever creates it, its status the workflow's initial one."""

    title: Title
    project_oid: ProjectOid
    description: Description = ""
    team_oid: TeamOid | None = Field(None, description="One of the project's teams.")
    assignee_oid: UserOid | None = Field(
        None,
        description="Somebody of the project. Left out, an eligible person is chosen by the project's"
        " strategy; null, the task stays unassigned.",
    )
    priority: PriorityWord = "normal"
    labels: Labels = Field(default_factory=list)
    deadline: Instant | None = None
    deadline_time_zone: TimeZone | None = Field(None, description="UTC, unless given.")


class TaskReplacement(Strict):
    """Everything of a task that can be edited; nothing may be left out."""

    title: Title
    description: Description
    team_oid: TeamOid | None
    assignee_oid: UserOid | None
    status: StatusName
    priority: PriorityWord
    labels: Labels
    deadline: Instant | None
    deadline_time_zone: TimeZone | None


def without_defaults(schema: dict[str, Any]) -> None:
    """What is left out of a patch is left alone: it has no default."""
    for field in schema["properties"].values():
        field.pop("default", None)


class TaskPatch(Strict):
    """Fields of a task to be changed; those left out stay as they are."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    title: Title = ""
    description: Description = ""
    team_oid: TeamOid | None = None
    assignee_oid: UserOid | None = None
    status: StatusName = ""
    priority: PriorityWord = "normal"
    labels: Labels = Field(default_factory=list)
    deadline: Instant | None = None
    deadline_time_zone: TimeZone | None = None


class TaskChange(Schema):
    """One change of a task; of its fields, those that differ."""

    model_config = ConfigDict(from_attributes=True)

    version: int = Field(description="Of the task, after the change.", examples=[2])
    actor_oid: UserOid | None = Field(description="Who changed it; null: the service itself, by its rules.")
    reason: Literal["left_project"] | None = Field(
        description="Why the service itself changed it: `left_project`, the assignee left the project."
    )
    changed_at: Moment
    before: dict[str, JsonValue] = Field(description="Empty for the creation.", examples=[{"status": "new"}])
    after: dict[str, JsonValue] = Field(
        description="Empty for the deletion.", examples=[{"status": "in_progress"}]
    )


class History(Schema):
    """A page of a task's changes."""

    changes: list[TaskChange]
    size: int = Field(examples=[50])
    next_cursor: str | None = Field(description="For the next page; null on the last one.", examples=[None])
