"""Jobs that reassign tasks, as HTTP carries them, and the proof of what they chose."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from service_kit.http import NoQuery
from service_kit.http.cursor import Cursor
from service_kit.http.paging import MAX_SIZE
from task_meeting.schemas.base import Moment, ProjectOid, Schema, TeamOid, UserOid
from task_meeting.schemas.project_settings import Strategy
from task_meeting.schemas.tasks import TaskOid
from task_meeting.schemas.values import Strict

Status = Literal["queued", "running", "done", "failed"]
Reason = Literal["nobody_eligible", "nobody_else"]

JobOid = Annotated[UUID, Field(examples=["019aa5f0-9d21-7c11-9a55-2f60b7b8c111"])]
Seed = Annotated[str, Field(pattern="^[0-9a-f]{32}$", examples=["00112233445566778899aabbccddeeff"])]
EligibleHash = Annotated[
    str,
    Field(
        description="SHA-256 over the sorted oids of the eligible people, with a line feed between two.",
        examples=["d2ec25415f525ae9fee71c6e4a07ed53157cc7b7c441a4ee647fccac69e05a33"],
    ),
]
PoolNumber = Annotated[int, Field(examples=[1])]


class ReassignRequest(Strict):
    """Which open tasks are to get another assignee, and how those are chosen."""

    project_oid: ProjectOid | None = Field(None, description="Null: every project that the caller manages.")
    team_oid: TeamOid | None = Field(None, description="Only tasks of this team.")
    strategy: Strategy | None = Field(
        None, description="Null: each project's own.", examples=["least_loaded"]
    )


class NotReassigned(Schema):
    """Tasks of one project or team that stayed as they were, and why."""

    model_config = ConfigDict(from_attributes=True)

    project_oid: ProjectOid
    team_oid: TeamOid | None
    reason: Reason = Field(
        description="`nobody_eligible`: there is no employee. `nobody_else`: the assignee is the only one."
    )
    tasks: int = Field(examples=[3])


class ReassignJob(Schema):
    """How far a job is."""

    oid: JobOid
    status: Status
    project_oid: ProjectOid | None = Field(description="Null: every project that the caller manages.")
    team_oid: TeamOid | None
    strategy: Strategy | None = Field(description="Null: each project's own.")
    total: int = Field(description="Open tasks when the job was asked for.", examples=[1200])
    processed: int = Field(
        description="Tasks that were looked at, those too that were reopened before their turn.",
        examples=[1000],
    )
    reassigned: int = Field(description="Tasks that got another assignee.", examples=[997])
    skipped: int | None = Field(
        description="Tasks that were closed or moved before their turn, less those that were reopened;"
        " known at the end.",
        examples=[None],
    )
    progress: float = Field(description="From 0 to 1.", ge=0, le=1, examples=[0.83])
    not_reassigned: list[NotReassigned]
    created_at: Moment
    finished_at: Moment | None
    error: str | None = Field(description="Why it failed.", examples=[None])


class Load(Schema):
    """How many open tasks a person had before the pool's first choice."""

    user_oid: UserOid
    tasks: int = Field(examples=[4])


class Pool(Schema):
    """Who could get the tasks of a project or team, and what the choices began with."""

    model_config = ConfigDict(from_attributes=True)

    number: PoolNumber
    project_oid: ProjectOid
    team_oid: TeamOid | None
    strategy: Strategy
    eligible: list[UserOid] = Field(description="Sorted.")
    eligible_hash: EligibleHash
    last_oid: UserOid | None = Field(description="Round robin: who was chosen last before.")
    loads: list[Load] | None = Field(description="Least loaded: what each of them had to do before.")


class Choice(Schema):
    """What became of one task."""

    model_config = ConfigDict(from_attributes=True)

    position: int = Field(description="Choices are made in this order, from 1.", examples=[1])
    task_oid: TaskOid
    project_oid: ProjectOid
    team_oid: TeamOid | None
    pool: PoolNumber | None = Field(description="Null: nobody was eligible.")
    before_oid: UserOid | None
    after_oid: UserOid | None
    reason: Reason | None = Field(description="Why it stayed as it was.")


class Proof(Schema):
    """A page of a job's choices, with the pools that they were made from.

    With the seed, everything can be computed again: README, "Automatic assignment and its proof". A pool's
    choices follow one another, and may go over to the next page.
    """

    job_oid: JobOid
    seed: Seed
    pools: list[Pool]
    choices: list[Choice]
    size: int = Field(examples=[50])
    next_cursor: str | None = Field(description="For the next page; null on the last one.", examples=[None])


class ProofQuery(NoQuery):
    """Which part of the proof."""

    size: int = Field(50, ge=1, le=MAX_SIZE, description="Choices on a page.")
    cursor: Cursor | None = None
