"""The notifier's tables."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Text, Time, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service_kit.consumer import define
from service_kit.db import metadata
from service_kit.http import idempotency
from service_kit.projection import TrackedRow, VersionedRow


class Base(DeclarativeBase):
    metadata = metadata()
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text,
        int: BigInteger,
        UUID: Uuid,
        datetime: DateTime(timezone=True),
        time: Time(),
        dict[str, Any]: JSONB,
    }


# A mail's state or, instead of "suppressed", the reason.
_STANDING = text("coalesce(reason, state)")
# What a list is filtered by, but for whose mails they are and what they are about.
_FILTERED_BY = ["state", "reason", "kind"]

CONSUMER_TABLES = define(Base.metadata)
IDEMPOTENCY_KEYS = idempotency.define(Base.metadata)


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


class Person(VersionedRow, Base):
    """The projection of `account-bus`; somebody who was deleted stays as a marker.

    `updated_at`: since when the source has it so. `lsn`: which of two states is the newer
    (service/accounts.py).
    """

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_email", text("lower(email)")),)

    oid: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    role: Mapped[str]
    is_active: Mapped[bool]
    updated_at: Mapped[datetime]


class Preference(Base):
    """What a person chose: `kinds` has `{"delivery": …, "at": "HH:MM"}` for each kind that has no default.

    Quiet hours are by the person's clock, and may span midnight.
    """

    __tablename__ = "preference"

    user_oid: Mapped[UUID] = mapped_column(primary_key=True)
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    kinds: Mapped[dict[str, Any]]
    version: Mapped[int]
    updated_at: Mapped[datetime]


class BouncedAddress(Base):
    """An address (in lower case) whose mails came back: how many in a row, and since when it gets none."""

    __tablename__ = "bounced_address"

    address: Mapped[str] = mapped_column(primary_key=True)
    bounces: Mapped[int]
    suppressed_at: Mapped[datetime | None]
    detail: Mapped[str]
    updated_at: Mapped[datetime]


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
        Index(
            "ix_notification_due",
            "next_attempt_at",
            postgresql_where=text("state IN ('queued', 'retrying')"),
        ),
        Index("ix_notification_digest_id", "digest_id", postgresql_where=text("digest_id IS NOT NULL")),
        Index("ix_notification_leased", "lease_until", postgresql_where=text("state = 'sending'")),
        # What lists are walked along (queries/lists.py). They hold all that the filters look at: of the mails
        # that are passed over none is read.
        Index(
            "ix_notification_recipient",
            text("lower(recipient)"),
            "created_at",
            "id",
            postgresql_include=["recipient", *_FILTERED_BY],
        ),
        Index(
            "ix_notification_standing", _STANDING, "created_at", "id", postgresql_include=["state", "reason"]
        ),
        Index(
            "ix_notification_standing_kind",
            _STANDING,
            "kind",
            "created_at",
            "id",
            postgresql_include=["state", "reason"],
        ),
        Index(None, "created_at", "id"),
        Index(None, "user_oid", "created_at", "id", postgresql_include=_FILTERED_BY),
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
    # None: not known yet; whoever sends it looks the person up.
    recipient: Mapped[str | None]
    locale: Mapped[str | None]
    payload: Mapped[dict[str, Any]]
    message_id: Mapped[str]
    state: Mapped[str]
    # One of `states.Reason`, if it is suppressed.
    reason: Mapped[str | None]
    # Why it is suppressed, bounced or unconfirmed, or waits for another attempt, in words.
    detail: Mapped[str | None]
    # The mail that brings this one together with others.
    digest_id: Mapped[UUID | None] = mapped_column(ForeignKey("notification.id", ondelete="SET NULL"))
    # The import that the change was part of.
    import_oid: Mapped[UUID | None]
    # How often somebody asked for it to go again.
    resends: Mapped[int] = mapped_column(server_default="0")
    # Who did so last, and when.
    resent_by: Mapped[UUID | None]
    resent_at: Mapped[datetime | None]
    attempts: Mapped[int]
    # An attempt ended without an answer, so the server may have the mail already.
    in_doubt: Mapped[bool]
    next_attempt_at: Mapped[datetime]
    lease_owner: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]


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
