"""What people say of themselves here: the table beside the projection, which nothing but this API writes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from task_meeting.models.base import Base


class Profile(Base):
    """A person's profile; it outlives their assignments, and is there again when they come back.

    `working_hours` is `schemas.profiles.WorkingHours` as JSON; `version` counts the changes.
    """

    __tablename__ = "profile"

    user_oid: Mapped[UUID] = mapped_column(primary_key=True)
    working_hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    about: Mapped[str] = mapped_column(server_default="")
    avatar_url: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="0")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
