"""How a project works with its tasks, as HTTP carries it."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator

from task_meeting.schemas.base import ProjectOid, Schema
from task_meeting.schemas.tasks import StatusName
from task_meeting.schemas.values import Strict

ANY_OPEN = "open"

Strategy = Literal["random", "round_robin", "least_loaded"]
OnLeave = Literal["unassign", "reassign"]


def _not_reserved(name: str) -> str:
    if name == ANY_OPEN:
        raise ValueError("`open` stands for every status that is not final")
    return name


def _each_once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


OwnStatusName = Annotated[StatusName, AfterValidator(_not_reserved)]


class Status(Strict):
    """A status of a workflow."""

    name: OwnStatusName
    final: StrictBool = Field(default=False, description="Whether a task in it is no longer open.")
    completed: StrictBool = Field(
        default=False, description="Whether a task in it is done, and not merely given up; then it is final."
    )

    @model_validator(mode="after")
    def _completed_is_final(self) -> Self:
        if self.completed and not self.final:
            raise ValueError("A completed status is final")
        return self


class Workflow(Strict):
    """The statuses of a project's tasks, and from which to which of them one may go."""

    initial: OwnStatusName = Field(description="What a new task has; not a final one.", examples=["new"])
    statuses: list[Status] = Field(min_length=1, max_length=30)
    moves: dict[StatusName, Annotated[list[StatusName], AfterValidator(_each_once)]] = Field(
        description="Status → those that may follow it; from one that is not named, there is no way on.",
        max_length=30,
        examples=[{"new": ["in_progress", "cancelled"]}],
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        named = [status.name for status in self.statuses]
        if len(set(named)) < len(named):
            raise ValueError("Each status may be named once")
        if self.initial not in named or self.is_final(self.initial):
            raise ValueError("`initial` must be one of the statuses that are not final")
        moved = set(self.moves).union(*self.moves.values())
        if not moved <= set(named):
            raise ValueError("The moves name a status that is not among the statuses")
        return self

    def has(self, name: str) -> bool:
        """Whether it is a status of this workflow."""
        return any(status.name == name for status in self.statuses)

    def is_final(self, name: str) -> bool:
        return any(status.final for status in self.statuses if status.name == name)

    def is_completed(self, name: str) -> bool:
        return any(status.completed for status in self.statuses if status.name == name)

    def allowed(self, name: str) -> list[str]:
        """The statuses that may follow, none for one that this workflow does not have."""
        return self.moves.get(name, [])


# A project's that has none of its own.
DEFAULT_WORKFLOW = Workflow(
    initial="new",
    statuses=[
        Status(name="new"),
        Status(name="in_progress"),
        Status(name="review"),
        Status(name="done", final=True, completed=True),
        Status(name="cancelled", final=True),
    ],
    moves={
        "new": ["in_progress", "cancelled"],
        "in_progress": ["review", "cancelled"],
        "review": ["done", "in_progress", "cancelled"],
        "done": ["in_progress"],
        "cancelled": ["in_progress"],
    },
)


class NewSettings(Strict):
    """How a project shall work; nothing may be left out."""

    workflow: Workflow = Field(examples=[DEFAULT_WORKFLOW.model_dump()])
    strategy: Strategy = Field(description="How an assignee is chosen for a task without one.")
    on_leave: OnLeave = Field(
        description="What becomes of the open tasks of somebody who leaves the project: they wait for an"
        " assignee, or are given to others by the strategy."
    )


class ProjectSettings(Schema):
    """How a project works with its tasks."""

    project_oid: ProjectOid
    workflow: Workflow = Field(examples=[DEFAULT_WORKFLOW.model_dump()])
    strategy: Strategy
    on_leave: OnLeave
    version: int = Field(description="0 until they are changed for the first time.", examples=[1])
