"""What HTTP carries."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from notification.states import Kind, State
from service_kit.http import Page, PageQuery

_MAX_ID = 2**63 - 1


class AttemptOut(BaseModel):
    """One handing over to the mail server. Without an end it is under way, or its sender died."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None = Field(examples=["accepted", "refused", "deferred", "unconfirmed"])
    detail: str | None = Field(description="What the server said, or what went wrong.")


class NotificationOut(BaseModel):
    """One mail to one person about one change."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: Kind
    assignment_id: int
    user_oid: UUID
    recipient: str
    locale: str | None
    payload: dict[str, Any] = Field(description="What it tells: the assignment before and after the change.")
    message_id: str
    state: State
    reason: str | None = Field(description="Why it is cancelled, failed, unconfirmed or still waiting.")
    attempts: int
    in_doubt: bool = Field(description="An attempt ended without an answer: the server may have it.")
    next_attempt_at: datetime | None = Field(description="Only while it is queued.")
    committed_at: datetime = Field(description="When the change was committed at its source.")
    created_at: datetime
    sent_at: datetime | None


class NotificationDetails(NotificationOut):
    """A mail with each of its attempts."""

    attempt_list: list[AttemptOut]


class NotificationPage(Page):
    notifications: list[NotificationOut]


class NotificationQuery(PageQuery):
    """Filters; all that are given hold together."""

    recipient: str | None = Field(None, min_length=1, max_length=320, description="An address, in any case.")
    state: State | None = None
    kind: Kind | None = None
    assignment_id: int | None = Field(None, ge=1, le=_MAX_ID)
