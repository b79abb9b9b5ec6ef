"""Tasks, what is said of them, how they changed, and how each project works with them.

Projects, teams and people are known by their oids alone: their rows are a projection that may come later
or go earlier than the tasks, so nothing here refers to it by a foreign key.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from task_meeting.models.base import Base

_OPEN = text("open")


class Task(Base):
    """A piece of work; `version` grows by one with every change of it."""

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint("(deadline IS NULL) = (deadline_time_zone IS NULL)", name="deadline_zone"),
        Index("uq_task_oid", "oid", unique=True),
        # What an index includes spares a look into the table when the other is asked for as well.
        # Each order of the lists, for those who see every project, and within one project.
        Index("ix_task_created", "created_at", "id", postgresql_include=["due"]),
        Index("ix_task_updated", "updated_at", "id"),
        Index("ix_task_due", "due", "id", postgresql_include=["created_at"]),
        Index("ix_task_priority", "priority", "id"),
        Index("ix_task_project_created", "project_oid", "created_at", "id", postgresql_include=["due"]),
        Index("ix_task_project_updated", "project_oid", "updated_at", "id"),
        Index("ix_task_project_due", "project_oid", "due", "id", postgresql_include=["created_at"]),
        Index("ix_task_project_priority", "project_oid", "priority", "id"),
        # Each filter.
        Index("ix_task_status", "status", "created_at", "id"),
        Index("ix_task_project_status", "project_oid", "status", "created_at", "id"),
        Index("ix_task_open_created", "created_at", "id", postgresql_where=_OPEN, postgresql_include=["due"]),
        Index("ix_task_open_due", "due", "id", postgresql_where=_OPEN, postgresql_include=["created_at"]),
        Index(
            "ix_task_project_open_created",
            "project_oid",
            "created_at",
            "id",
            postgresql_where=_OPEN,
            postgresql_include=["due"],
        ),
        Index(
            "ix_task_project_open_due",
            "project_oid",
            "due",
            "id",
            postgresql_where=_OPEN,
            postgresql_include=["created_at"],
        ),
        Index("ix_task_team", "team_oid", "created_at", "id", postgresql_include=["project_oid"]),
        Index("ix_task_open_assignee", "assignee_oid", "due", "id", postgresql_where=_OPEN),
        Index("ix_task_assignee", "assignee_oid", "created_at", "id", postgresql_include=["project_oid"]),
        Index("ix_task_reporter", "reporter_oid", "created_at", "id", postgresql_include=["project_oid"]),
        Index("ix_task_labels", text("task_marks(project_oid, labels)"), postgresql_using="gin"),
        # An array, as GIN holds no plain uuid.
        Index("ix_task_search", "search", text("(ARRAY[project_oid])"), postgresql_using="gin"),
    )
    # What the database computes is asked about in conditions only, never read back.
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - SQLAlchemy reads it from the class

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    oid: Mapped[UUID] = mapped_column(server_default=func.uuidv7())
    project_oid: Mapped[UUID]
    team_oid: Mapped[UUID | None]
    title: Mapped[str]
    description: Mapped[str]
    status: Mapped[str]
    # Whether the project's workflow goes on from the status.
    open: Mapped[bool]
    priority: Mapped[int] = mapped_column(SmallInteger)
    labels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    assignee_oid: Mapped[UUID | None]
    reporter_oid: Mapped[UUID]
    deadline: Mapped[datetime | None]
    deadline_time_zone: Mapped[str | None]
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    # The deadline as an order needs it: a task without one is due at the end of time.
    due: Mapped[datetime] = mapped_column(
        Computed("coalesce(deadline, 'infinity'::timestamptz)", persisted=True), deferred=True
    )
    # The function comes with the migration of this table.
    search: Mapped[str] = mapped_column(
        TSVECTOR, Computed("task_words(title, description)", persisted=True), deferred=True
    )


class TaskComment(Base):
    """What somebody said of a task (Markdown)."""

    __tablename__ = "task_comment"
    __table_args__ = (
        Index("uq_task_comment_oid", "oid", unique=True),
        Index("ix_task_comment_task", "task_id", "id"),
    )
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - SQLAlchemy reads it from the class

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    oid: Mapped[UUID] = mapped_column(server_default=func.uuidv7())
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    author_oid: Mapped[UUID]
    body: Mapped[str]
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TaskChange(Base):
    """One version of a task: who made it, and the fields that differ from the version before.

    No foreign key: the history of a task outlives it.
    """

    __tablename__ = "task_change"

    task_oid: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    # Nobody, when the service itself changed the task.
    actor_oid: Mapped[UUID | None]
    # Why it did.
    reason: Mapped[str | None]
    changed_at: Mapped[datetime]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ProjectSettings(Base):
    """How a project works with its tasks; one without a row works in the default way."""

    __tablename__ = "project_settings"

    project_oid: Mapped[UUID] = mapped_column(primary_key=True)
    workflow: Mapped[dict[str, Any]] = mapped_column(JSONB)
    strategy: Mapped[str]
    on_leave: Mapped[str]
    version: Mapped[int] = mapped_column(Integer)


# The words that tasks have, or had once; triggers keep them, which come with the migration of this table. A
# table without a key, and no class: two that write a new word at once keep it twice, and wait for nobody.
TASK_WORDS = Table("task_word", Base.metadata, Column("word", Text(collation="C"), nullable=False))
Index("ix_task_word", TASK_WORDS.c.word)
