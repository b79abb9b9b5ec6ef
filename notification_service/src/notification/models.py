"""The notifier's tables."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service_kit.consumer import define
from service_kit.db import metadata
from service_kit.projection import TrackedRow


class Base(DeclarativeBase):
    metadata = metadata()
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text,
        int: BigInteger,
        UUID: Uuid,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
    }


CONSUMER_TABLES = define(Base.metadata)


class Assignment(TrackedRow, Base):
    """The projection of `teams_userassignment`; a deleted row stays as a marker."""

    __tablename__ = "assignment"
    # A person's present address, language and zone are those of their newest row.
    __table_args__ = (Index(None, "user_oid", "epoch", "lsn"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    project_id: Mapped[int]
    project_name: Mapped[str]
    team_id: Mapped[int | None]
    team_name: Mapped[str | None]
    user_oid: Mapped[UUID]
    user_name: Mapped[str]
    user_email: Mapped[str]
    user_locale: Mapped[str | None]
    user_time_zone: Mapped[str | None]
    application_url: Mapped[str | None]


class Notification(Base):
    """One mail to one person about one change: the intent, and what became of it.

    It is about a `subject` (`assignment:42`, `meeting:<oid>`, `task:<oid>`). What its `source` told of that
    has an order: for assignments their version, for events epoch 0 and the offset in Kafka.
    """

    __tablename__ = "notification"
    __table_args__ = (
        # One mail per change and person, however often the change comes. The order of the columns
        # also serves "what else does this person know of this subject".
        UniqueConstraint("subject", "user_oid", "source", "epoch", "lsn", "kind"),
        Index("ix_notification_due", "next_attempt_at", postgresql_where=text("state = 'queued'")),
        Index("ix_notification_leased", "lease_until", postgresql_where=text("state = 'sending'")),
        Index("ix_notification_recipient", text("lower(recipient)"), "created_at"),
        Index(None, "created_at", "id"),
        Index(None, "user_oid", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    source: Mapped[str]
    subject: Mapped[str]
    assignment_id: Mapped[int | None]
    user_oid: Mapped[UUID]
    epoch: Mapped[int]
    lsn: Mapped[int]
    committed_at: Mapped[datetime]
    # Later than this it would tell nothing new.
    expires_at: Mapped[datetime | None]
    recipient: Mapped[str]
    locale: Mapped[str | None]
    payload: Mapped[dict[str, Any]]
    message_id: Mapped[str]
    state: Mapped[str]
    # Why it is cancelled, failed or unconfirmed; or why it waits for another attempt.
    reason: Mapped[str | None]
    attempts: Mapped[int]
    # An attempt ended without an answer, so the server may have the mail already.
    in_doubt: Mapped[bool]
    next_attempt_at: Mapped[datetime]
    lease_owner: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class Attempt(Base):
    """One handing over to the SMTP server, committed before it begins."""

    __tablename__ = "attempt"

    notification_id: Mapped[UUID] = mapped_column(
        ForeignKey("notification.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    detail: Mapped[str | None]
