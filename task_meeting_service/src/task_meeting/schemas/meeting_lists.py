"""Lists of meetings: what can be asked for, and the answer."""

from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from service_kit.http import NoQuery
from service_kit.http.cursor import Cursor
from service_kit.http.values import Instant
from task_meeting.schemas.base import Schema
from task_meeting.schemas.meetings import Meeting, MeetingStatus
from task_meeting.schemas.task_lists import FEW, Size
from task_meeting.schemas.values import NO_NUL


class MeetingFilters(NoQuery):
    """Which meetings; all filters hold together."""

    project_oid: UUID | None = None
    team_oid: UUID | None = Field(None, description="A team that is asked to come.")
    user_oid: UUID | None = Field(
        None, description="Who is asked to come, by name or by a team, or organizes."
    )
    mine: bool = Field(default=False, description="Only what the caller is asked to, or organizes.")
    status: MeetingStatus | None = None
    begin: Instant | None = Field(
        None, alias="from", description="Only what takes place after this time, or goes on then."
    )
    end: Instant | None = Field(None, alias="to", description="Only what begins before this time.")
    search: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        pattern=NO_NUL,
        description="Beginnings of words of the title, in any order.",
        examples=["books"],
    )

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.begin is not None and self.end is not None and self.begin >= self.end:
            raise ValueError("`from` is before `to`")
        return self


class MeetingQuery(MeetingFilters):
    """Which meetings, and which part of them."""

    size: Size = 50
    cursor: Cursor | None = None

    @property
    def filters(self) -> dict[str, object]:
        """All that the list depends on, but for the place in it: what a cursor belongs to."""
        return self.model_dump(mode="json", exclude={"size", "cursor"})


class MeetingPage(Schema):
    """A page of meetings, the newest first."""

    meetings: list[Meeting]
    total: int = Field(description=f"Meetings on all pages, counted to {FEW:,}.", examples=[1])
    total_is_exact: bool = Field(description="Whether there are no more than `total`.", examples=[True])
    size: int = Field(examples=[50])
    next_cursor: str | None = Field(description="For the next page; null on the last one.", examples=[None])
