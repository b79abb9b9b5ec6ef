"""Jobs that give open tasks to other people, and what proves each choice."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index, Integer, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from task_meeting.models.base import Base
from task_meeting.schemas.project_settings import Strategy


class Rotation(Base):
    """Whom round robin chose last in a team, or in a project for its tasks without a team."""

    __tablename__ = "rotation"

    scope_oid: Mapped[UUID] = mapped_column(primary_key=True)
    last_oid: Mapped[UUID | None]


class ReassignJob(Base):
    """One "reassign all open tasks"; it goes through the tasks by project and age, a chunk at a time."""

    __tablename__ = "reassign_job"
    __table_args__ = (
        # What readiness asks every few seconds.
        Index("ix_reassign_job_unfinished", "created_at", postgresql_where=text("finished_at IS NULL")),
        Index("ix_reassign_job_advanced", "advanced_at"),
    )

    oid: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    requested_by: Mapped[UUID]
    # None: every project.
    project_oids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    team_oid: Mapped[UUID | None]
    # None: each project's own.
    strategy: Mapped[Strategy | None] = mapped_column(Text)
    seed: Mapped[str]
    # Tasks that come later are not the job's.
    newest_task_id: Mapped[int]
    total: Mapped[int] = mapped_column(Integer)
    processed: Mapped[int] = mapped_column(Integer, server_default="0")
    reassigned: Mapped[int] = mapped_column(Integer, server_default="0")
    pools: Mapped[int] = mapped_column(Integer, server_default="0")
    # The last task that was looked at, in the job's order.
    last_project_oid: Mapped[UUID | None]
    last_created_at: Mapped[datetime | None]
    last_task_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    advanced_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]


class ReassignPool(Base):
    """Who could get the tasks of a project or team when a chunk began, and what the strategy knew of them."""

    __tablename__ = "reassign_pool"

    job_oid: Mapped[UUID] = mapped_column(ForeignKey("reassign_job.oid"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    project_oid: Mapped[UUID]
    team_oid: Mapped[UUID | None]
    strategy: Mapped[Strategy] = mapped_column(Text)
    # Sorted.
    eligible: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    eligible_hash: Mapped[str]
    # For round robin: who was chosen last before.
    last_oid: Mapped[UUID | None]
    # For least loaded: how many open tasks each of `eligible` had.
    loads: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))


class ReassignChoice(Base):
    """What became of one task; positions are the order in which the choices were made."""

    __tablename__ = "reassign_choice"
    __table_args__ = (
        Index(
            "ix_reassign_choice_left", "job_oid", "project_oid", postgresql_where=text("reason IS NOT NULL")
        ),
    )

    job_oid: Mapped[UUID] = mapped_column(ForeignKey("reassign_job.oid"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    project_oid: Mapped[UUID]
    team_oid: Mapped[UUID | None]
    task_oid: Mapped[UUID]
    # None: nobody was eligible.
    pool: Mapped[int | None] = mapped_column(Integer)
    before_oid: Mapped[UUID | None]
    after_oid: Mapped[UUID | None]
    # Why the task stayed as it was.
    reason: Mapped[str | None]
