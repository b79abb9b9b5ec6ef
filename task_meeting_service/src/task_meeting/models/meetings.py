"""Meetings, who comes, when they take place, and the secret links to calendars.

When a meeting is, is kept as people mean it: a local time, a time zone, and a rule of recurrence. The
moments that follow from it are in `meeting_occurrence`, for all questions about time. Projects, teams and
people are known by their oids alone, as in `tasks`; who is in a team is asked of the assignments.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from task_meeting.models.base import Base

_LOCAL = DateTime(timezone=False)


def _meeting_id() -> Mapped[int]:
    return mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True)


class Meeting(Base):
    """A meeting, or a series of them.

    `start` is local time in `time_zone`; of an all-day meeting, midnight. `duration_s` is in seconds of the
    clock that runs through (RFC 5545, 3.8.5.3), for an all-day meeting in days of 86,400. `exceptions` are
    `service.meetings.times.Exceptional` as JSON. `version` grows by one with every change, `sequence` with
    every one that the people concerned are told of (RFC 5545, 3.8.7.4).
    """

    __tablename__ = "meeting"
    __table_args__ = (
        Index("uq_meeting_oid", "oid", unique=True),
        Index("ix_meeting_project", "project_oid", "id"),
        Index("ix_meeting_organizer", "organizer_oid", "id"),
        # Whose occurrences are to be continued some day.
        Index(
            "ix_meeting_endless", "occurrences_until", postgresql_where=text("occurrences_until IS NOT NULL")
        ),
        Index("ix_meeting_search", "search", postgresql_using="gin"),
    )
    # What the database computes is asked about in conditions only, never read back.
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - SQLAlchemy reads it from the class

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    oid: Mapped[UUID] = mapped_column(server_default=func.uuidv7())
    title: Mapped[str]
    agenda: Mapped[str]
    minutes: Mapped[str]
    place: Mapped[str | None]
    link: Mapped[str | None]
    project_oid: Mapped[UUID | None]
    team_oid: Mapped[UUID | None]
    organizer_oid: Mapped[UUID]
    start: Mapped[datetime] = mapped_column(_LOCAL)
    duration_s: Mapped[int] = mapped_column(Integer)
    all_day: Mapped[bool] = mapped_column(Boolean)
    time_zone: Mapped[str]
    recurrence: Mapped[str | None]
    exceptions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    # `scheduled` or `cancelled`.
    status: Mapped[str]
    sequence: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    # Up to when `meeting_occurrence` has them; null when it has all there will be.
    occurrences_until: Mapped[datetime | None]
    search: Mapped[str] = mapped_column(
        TSVECTOR, Computed("array_to_tsvector(search_words(title))", persisted=True), deferred=True
    )


class MeetingPerson(Base):
    """Somebody who was asked to come by name."""

    __tablename__ = "meeting_person"
    __table_args__ = (Index("ix_meeting_person_user", "user_oid", "meeting_id"),)

    meeting_id: Mapped[int] = _meeting_id()
    user_oid: Mapped[UUID] = mapped_column(primary_key=True)


class MeetingTeam(Base):
    """A team that was asked to come: whoever is in it at present."""

    __tablename__ = "meeting_team"
    __table_args__ = (Index("ix_meeting_team_team", "team_oid", "meeting_id"),)

    meeting_id: Mapped[int] = _meeting_id()
    team_oid: Mapped[UUID] = mapped_column(primary_key=True)


class MeetingResponse(Base):
    """What somebody answered; it outlives their being asked, and is there again when they are asked again."""

    __tablename__ = "meeting_response"

    meeting_id: Mapped[int] = _meeting_id()
    user_oid: Mapped[UUID] = mapped_column(primary_key=True)
    # `accepted`, `declined` or `tentative`.
    status: Mapped[str]
    responded_at: Mapped[datetime]


class MeetingOccurrence(Base):
    """One time that a meeting takes place; a cancelled one is not here."""

    __tablename__ = "meeting_occurrence"
    __table_args__ = (
        Index("ix_meeting_occurrence_time", "starts_at", "ends_at", "meeting_id"),
        # Few take so long: those are found without looking at all that began long before.
        Index(
            "ix_meeting_occurrence_long",
            "starts_at",
            "ends_at",
            "meeting_id",
            postgresql_where=text("ends_at - starts_at > interval '2 hours'"),
        ),
        Index("ix_meeting_occurrence_remind", "remind_at", postgresql_where=text("remind_at IS NOT NULL")),
    )

    meeting_id: Mapped[int] = _meeting_id()
    # Where the rule puts it, in local time: its name (RFC 5545, 3.8.4.4), wherever it was moved to.
    original_start: Mapped[datetime] = mapped_column(_LOCAL, primary_key=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    # When people are to be reminded of it; null when they were, or need not be.
    remind_at: Mapped[datetime | None]


class MeetingAction(Base):
    """A task that a meeting decided on. No foreign key: the task may be deleted, the decision was taken."""

    __tablename__ = "meeting_action"
    __table_args__ = (Index("uq_meeting_action_task", "task_oid", unique=True),)

    meeting_id: Mapped[int] = _meeting_id()
    task_oid: Mapped[UUID] = mapped_column(primary_key=True)


class CalendarFeed(Base):
    """The secret link to somebody's calendar; only a hash of the secret is kept (SHA-256)."""

    __tablename__ = "calendar_feed"
    __table_args__ = (Index("uq_calendar_feed_token", "token_hash", unique=True),)

    user_oid: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
