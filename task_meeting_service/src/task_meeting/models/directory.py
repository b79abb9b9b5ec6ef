"""The projection of the assignments: people, projects, teams.

Nothing here counts or caches: whether a person, a team or a project is shown is asked of the
assignments at the time of the question.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Computed, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from service_kit.projection import TrackedRow, VersionedRow
from task_meeting.models.base import Base

_ACTIVE = text("NOT deleted")


class Assignment(TrackedRow, Base):
    """A person in a project and, perhaps, in a team; a deleted row stays as a marker."""

    __tablename__ = "assignment"
    __table_args__ = (
        # Each answers one question about active rows: of a person, in a project, in a team.
        Index("ix_assignment_active_user", "user_oid", "id", postgresql_where=_ACTIVE),
        Index("ix_assignment_active_project", "project_oid", "user_oid", postgresql_where=_ACTIVE),
        Index("ix_assignment_active_team", "team_oid", "user_oid", postgresql_where=_ACTIVE),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    project_id: Mapped[int]
    team_id: Mapped[int | None]
    user_id: Mapped[int]
    project_name: Mapped[str]
    team_name: Mapped[str | None]
    user_oid: Mapped[UUID]
    user_email: Mapped[str]
    user_name: Mapped[str]
    user_role: Mapped[str]
    project_oid: Mapped[UUID]
    team_oid: Mapped[UUID | None]
    application_url: Mapped[str | None]
    user_locale: Mapped[str | None]
    user_time_zone: Mapped[str | None]
    created_at: Mapped[datetime | None]
    # The way of the present state from there to here, for /api/trace.
    committed_at: Mapped[datetime | None]
    captured_at: Mapped[datetime]
    published_at: Mapped[datetime]
    applied_at: Mapped[datetime]


class Person(VersionedRow, Base):
    """A person as the newest assignment row that mentions them says."""

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_name", text("lower(name)"), "oid"),
        Index("ix_person_email", text("lower(email)"), "oid"),
        Index("ix_person_role", "role", text("lower(name)"), "oid"),
        Index("ix_person_search", "search", postgresql_using="gin"),
    )

    oid: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    name: Mapped[str]
    email: Mapped[str]
    role: Mapped[str]
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    # `search_words` comes with the first migration; the stack's PostgreSQL has no pg_trgm.
    search: Mapped[str] = mapped_column(
        TSVECTOR, Computed("array_to_tsvector(search_words(name) || search_words(email))", persisted=True)
    )


class Project(VersionedRow, Base):
    """A project as the newest assignment row that mentions it says."""

    __tablename__ = "project"
    __table_args__ = (Index("ix_project_name", text("lower(name)"), "oid"),)

    oid: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[int]
    name: Mapped[str]


class Team(VersionedRow, Base):
    """A team as the newest assignment row that mentions it says."""

    __tablename__ = "team"
    __table_args__ = (
        Index("ix_team_name", text("lower(name)"), "oid"),
        Index("ix_team_project", "project_oid", text("lower(name)"), "oid"),
    )

    oid: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[int]
    name: Mapped[str]
    project_oid: Mapped[UUID]
