"""Mails, as HTTP shows them, and how they are asked for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from notification.kinds import Kind
from notification.states import Reason, Source, State
from service_kit.http import Page, PageQuery

_MAX_ID = 2**63 - 1


_MAIL = "0199f0c2-7e8d-7b4d-8f2b-0a6f4d9c1b11"
_BEFORE: dict[str, Any] = {"project_name": "Apollo", "team_name": "Navigation"}
_EXAMPLE: dict[str, Any] = {
    "id": _MAIL,
    "kind": "changed",
    "source": "assignments",
    "subject": "assignment:42",
    "assignment_id": 42,
    "user_oid": "0199f0c2-0000-7000-8000-000000000001",
    "recipient": "ann@company.example",
    "locale": "en",
    "payload": {"before": _BEFORE, "after": {**_BEFORE, "team_name": "Landing"}},
    "message_id": f"<{_MAIL}@team-suite.example>",
    "state": "accepted",
    "reason": None,
    "detail": None,
    "digest_id": None,
    "resends": 0,
    "attempts": 1,
    "in_doubt": False,
    "next_attempt_at": None,
    "committed_at": "2026-11-21T10:00:00.123456Z",
    "expires_at": None,
    "created_at": "2026-11-21T10:00:00.140000Z",
    "accepted_at": "2026-11-21T10:00:00.310000Z",
}
_ATTEMPT: dict[str, Any] = {
    "number": 1,
    "started_at": "2026-11-21T10:00:00.160000Z",
    "finished_at": "2026-11-21T10:00:00.310000Z",
    "outcome": "accepted",
    "detail": "250 accepted",
}


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
    source: Source = Field(description="Who told of the change.")
    subject: str = Field(description="What it is about: `assignment:<id>`, `meeting:<oid>` or `task:<oid>`.")
    assignment_id: int | None = Field(description="The assignment that it is about, if it is.")
    user_oid: UUID
    recipient: str | None = Field(description="None while the person is not known yet.")
    locale: str | None
    payload: dict[str, Any] = Field(
        description="What it tells: the assignment before and after, the meeting, the task."
    )
    message_id: str
    state: State
    reason: Reason | None = Field(description="Why it is suppressed.")
    detail: str | None = Field(
        description="Why it is suppressed, bounced, unconfirmed or still waiting, in words."
    )
    digest_id: UUID | None = Field(description="The mail that brings it together with others.")
    resends: int = Field(description="How often somebody asked for it to go again.")
    attempts: int
    in_doubt: bool = Field(description="An attempt ended without an answer: the server may have it.")
    next_attempt_at: datetime | None = Field(description="Only while it waits.")
    committed_at: datetime = Field(description="When the change was committed at its source.")
    expires_at: datetime | None = Field(description="Later than this it is not sent: it would be no news.")
    created_at: datetime
    accepted_at: datetime | None


class NotificationDetails(NotificationOut):
    """A mail with each of its attempts."""

    model_config = ConfigDict(json_schema_extra={"example": {**_EXAMPLE, "attempt_list": [_ATTEMPT]}})

    attempt_list: list[AttemptOut]


class NotificationPage(Page):
    """Mails, the newest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"total": 1, "page": 1, "size": 50, "notifications": [_EXAMPLE]}}
    )

    notifications: list[NotificationOut]


class NotificationQuery(PageQuery):
    """Filters; all that are given hold together."""

    recipient: str | None = Field(
        None,
        min_length=1,
        max_length=320,
        description="An address, in any case.",
        examples=["ann@company.example"],
    )
    state: State | None = Field(None, description="Where it is in its life.", examples=["accepted"])
    kind: Kind | None = Field(None, description="What it tells its reader.", examples=["assigned"])
    assignment_id: int | None = Field(
        None, ge=1, le=_MAX_ID, description="The assignment that it is about.", examples=[42]
    )
    subject: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="What it is about.",
        examples=["assignment:42"],
    )
