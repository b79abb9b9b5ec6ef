"""When people are to be reminded, and what they were reminded of."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Identity, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from task_meeting.models.base import Base


class ReminderPlan(Base):
    """When an open task with an assignee and a deadline is to be looked at next."""

    __tablename__ = "reminder_plan"
    __table_args__ = (Index("ix_reminder_plan_next", "next_at"),)

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"), primary_key=True)
    next_at: Mapped[datetime]


class Reminder(Base):
    """A reminder that somebody was sent; the unique index is what makes it one."""

    __tablename__ = "reminder"
    __table_args__ = (
        Index("uq_reminder", "subject_oid", "user_oid", "kind", "due_at", "occasion", unique=True),
        # What is to be forgotten.
        Index("ix_reminder_created", "created_at"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    oid: Mapped[UUID] = mapped_column(server_default=func.uuidv7())
    # `events.ReminderKind`.
    kind: Mapped[str]
    # The task or the meeting.
    subject_oid: Mapped[UUID]
    user_oid: Mapped[UUID]
    # The deadline, or the beginning of the meeting, that it was about.
    due_at: Mapped[datetime]
    # The moment it was planned for: one of several about the same deadline.
    occasion: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
