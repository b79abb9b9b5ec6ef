"""What HTTP carries: the answers of the API and the parameters of its lists."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from service_kit.http import Page, PageQuery


def _iso_ms(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[
    datetime,
    PlainSerializer(_iso_ms, return_type=str),
    Field(description="ISO 8601, UTC, milliseconds.", examples=["2026-11-21T10:00:00.123Z"]),
]
UserOid = Annotated[UUID, Field(examples=["7d2f6c0e-58a1-4d0e-9d5c-0c1a6c1f3a11"])]
ProjectOid = Annotated[UUID, Field(examples=["2b1c9a7e-1f6d-4a55-8d34-5e7a9d0c2b22"])]
TeamOid = Annotated[UUID, Field(examples=["c3a4e5f6-7b8c-4d9e-a0b1-c2d3e4f5a633"])]
UserName = Annotated[str, Field(examples=["Анна Иванова"])]
Email = Annotated[str, Field(examples=["anna@company.example"])]
Role = Annotated[str, Field(examples=["employee"], description="employee, manager or admin.")]
ProjectName = Annotated[str, Field(examples=["Billing"])]
TeamName = Annotated[str, Field(examples=["Core"])]


class Schema(BaseModel):
    """Answers never change after they were made."""

    model_config = ConfigDict(frozen=True)


class User(Schema):
    """A person with at least one active assignment."""

    oid: UserOid
    name: UserName
    email: Email
    role: Role
    locale: str | None = Field(examples=["ru"])
    time_zone: str | None = Field(examples=["Europe/Moscow"])


class Assignment(Schema):
    """A person's active place in a project and, perhaps, in a team."""

    id: int = Field(examples=[1])
    user_oid: UserOid
    project_oid: ProjectOid
    project_name: ProjectName
    team_oid: TeamOid | None
    team_name: TeamName | None
    application_url: str | None = Field(
        description="The person's onboarding request.", examples=["https://hr.company.example/requests/17"]
    )
    created_at: Moment | None


class Project(Schema):
    """A project with at least one active assignment."""

    oid: ProjectOid
    name: ProjectName


class Team(Schema):
    """A team with at least one active assignment."""

    oid: TeamOid
    name: TeamName
    project_oid: ProjectOid


class Member(Schema):
    """A person in a team."""

    assignment_id: int = Field(examples=[1])
    oid: UserOid
    name: UserName
    email: Email
    role: Role


class UserDetail(User):
    """A person with their assignments: the first of them when there are very many."""

    assignments: list[Assignment]
    assignments_total: int = Field(description="More than are shown? The rest is under assignments/.")


class ProjectDetail(Project):
    """A project with its teams: the first of them when there are very many."""

    teams: list[Team]
    teams_total: int = Field(description="More than are shown? The rest is under /api/teams/?project_oid=.")


class TeamDetail(Team):
    """A team with its members: the first of them when there are very many."""

    project_name: ProjectName
    members: list[Member]
    members_total: int = Field(description="More than are shown? The rest is under /api/users/?team_oid=.")


class Trace(Schema):
    """When each step of an assignment's present state happened."""

    assignment_id: int = Field(examples=[1])
    deleted: bool = Field(description="Whether the present state is the end of the assignment.")
    committed_at: Moment | None = Field(
        description="The source committed it (a snapshot's row: its snapshot)."
    )
    captured_at: Moment = Field(description="Debezium read it from the write-ahead log.")
    published_at: Moment = Field(description="Kafka's time of the message.")
    applied_at: Moment = Field(description="This service's database took it.")


class UserPage(Page):
    users: list[User]


class AssignmentPage(Page):
    assignments: list[Assignment]


class ProjectPage(Page):
    projects: list[Project]


class TeamPage(Page):
    teams: list[Team]


class UserQuery(PageQuery):
    """Filters of the people; `project_oid` and `team_oid` hold for one and the same assignment."""

    project_oid: UUID | None = None
    team_oid: UUID | None = None
    role: Literal["employee", "manager", "admin"] | None = None
    search: str | None = Field(
        None, min_length=1, max_length=200, description="Beginnings of words of the name and the e-mail."
    )
    sort: Literal["name", "-name", "email", "-email"] = "name"


class ProjectQuery(PageQuery):
    """Filters of the projects."""

    sort: Literal["name", "-name"] = "name"


class TeamQuery(PageQuery):
    """Filters of the teams."""

    project_oid: UUID | None = None
    sort: Literal["name", "-name"] = "name"
