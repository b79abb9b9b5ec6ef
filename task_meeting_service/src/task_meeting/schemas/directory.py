"""People, projects, teams and traces: the answers, and the parameters of their lists."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from service_kit.http import Page, PageQuery
from task_meeting.schemas.base import (
    Email,
    Moment,
    ProjectName,
    ProjectOid,
    Role,
    Schema,
    TeamName,
    TeamOid,
    UserName,
    UserOid,
)


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
    assignments_total: int = Field(
        examples=[1], description="More than are shown? The rest is under assignments/."
    )


class ProjectDetail(Project):
    """A project with its teams: the first of them when there are very many."""

    teams: list[Team]
    teams_total: int = Field(
        examples=[1], description="More than are shown? The rest is under /api/teams/?project_oid=."
    )


class TeamDetail(Team):
    """A team with its members: the first of them when there are very many."""

    project_name: ProjectName
    members: list[Member]
    members_total: int = Field(
        examples=[1], description="More than are shown? The rest is under /api/users/?team_oid=."
    )


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
        None,
        min_length=1,
        max_length=200,
        description="Beginnings of words of the name and the e-mail.",
        examples=["anna"],
    )
    sort: Literal["name", "-name", "email", "-email"] = "name"


class ProjectQuery(PageQuery):
    """Filters of the projects."""

    sort: Literal["name", "-name"] = "name"


class TeamQuery(PageQuery):
    """Filters of the teams."""

    project_oid: UUID | None = None
    sort: Literal["name", "-name"] = "name"
