"""Mails, as HTTP shows them, and how they are asked for."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from notification.kinds import Kind
from notification.states import Reason, Source, State
from service_kit.http import NoQuery
from service_kit.http.cursor import Cursor
from service_kit.http.paging import MAX_SIZE
from service_kit.http.values import Instant

# How far the mails of a list are counted.
COUNTED = 1_000
# How far pages can be named by numbers.
PAGED = 10_000
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
_PREVIEW: dict[str, Any] = {
    "subject": "Apollo: your team is Landing now",
    "html": '<!doctype html><html lang="en">…</html>',
    "text": "Hello, Ann! …",
    "headers": {"To": "Ann Example <ann@company.example>", "Message-ID": f"<{_MAIL}@team-suite.example>"},
    "locale": "en",
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

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": _EXAMPLE})

    id: UUID
    kind: str = Field(
        description="What it tells its reader: a kind of `/api/preferences/`, or one of a newer release.",
        examples=["assigned"],
    )
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

    model_config = ConfigDict(
        json_schema_extra={"example": {**_EXAMPLE, "attempt_list": [_ATTEMPT], "member_ids": []}}
    )

    attempt_list: list[AttemptOut] = Field(description="The first one first.")
    member_ids: list[UUID] = Field(description="Of a digest: the mails that it brings.")


class NotificationPage(BaseModel):
    """Mails, the newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "total": 1,
                "total_is_exact": True,
                "page": 1,
                "size": 50,
                "next_cursor": None,
                "notifications": [_EXAMPLE],
            }
        }
    )

    total: int = Field(description=f"Mails on all pages, counted to {COUNTED:,}.")
    total_is_exact: bool = Field(description="Whether there are no more than `total`.")
    page: int | None = Field(description="Null when a cursor was followed.")
    size: int
    next_cursor: str | None = Field(description="For the next page; null on the last one.")
    notifications: list[NotificationOut]


class NotificationFilters(NoQuery):
    """Which mails; all that is given holds together."""

    recipient: str | None = Field(
        None,
        min_length=1,
        max_length=320,
        description="An address, in any case.",
        examples=["ann@company.example"],
    )
    state: State | None = Field(None, description="Where it is in its life.", examples=["accepted"])
    reason: Reason | None = Field(None, description="Why it is suppressed.", examples=["unsubscribed"])
    kind: Kind | None = Field(None, description="What it tells its reader.", examples=["assigned"])
    since: Instant | None = Field(None, description="Written at this time or later (RFC 3339, with a zone).")
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

    @property
    def subjects(self) -> list[str]:
        """What it is about, by all filters that say so."""
        assignment = None if self.assignment_id is None else f"assignment:{self.assignment_id}"
        return [subject for subject in (self.subject, assignment) if subject is not None]


class NotificationQuery(NotificationFilters):
    """Which mails, and which part of them."""

    size: int = Field(50, ge=1, le=MAX_SIZE, description="Items on a page.")
    cursor: Cursor | None = None
    page: int | None = Field(
        None,
        ge=1,
        le=PAGED,
        description=f"From 1, for the newest {PAGED:,} mails; beyond them, and while mails are being written,"
        " follow `next_cursor`.",
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.cursor is not None and self.page is not None:
            raise ValueError("Give either `page` or `cursor`")
        if self.offset + self.size > max(PAGED, self.size):
            raise ValueError(f"Pages end after {PAGED:,} mails; follow `next_cursor`")
        return self

    @property
    def offset(self) -> int:
        return 0 if self.page is None else (self.page - 1) * self.size

    @property
    def filters(self) -> dict[str, object]:
        """All that the list depends on, but for the place in it: what a cursor belongs to."""
        return self.model_dump(mode="json", exclude={"size", "cursor", "page"})


class Preview(BaseModel):
    """A mail as it would be sent now."""

    model_config = ConfigDict(json_schema_extra={"example": _PREVIEW})

    subject: str
    html: str
    text: str
    headers: dict[str, str] = Field(description="All headers of the message, readable.")
    locale: str
