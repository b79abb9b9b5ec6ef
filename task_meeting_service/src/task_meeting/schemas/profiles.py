"""Profiles: the part of a person that belongs to this service."""

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from task_meeting.schemas.base import Email, Role, Schema, UserName, UserOid
from task_meeting.schemas.directory import Assignment, UserDetail
from task_meeting.schemas.values import LINE_SCHEMA, NO_NUL, ONE_LINE, Strict, TimeZone, each_once

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_HTTPS = r"^https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?([/?#][!-~]*)?$"


def _apart(intervals: list["Interval"]) -> list["Interval"]:
    """In order of their beginnings, none of them beginning before the last one ended."""
    intervals = sorted(intervals, key=lambda interval: interval.start)
    if any(later.start < earlier.end for earlier, later in pairwise(intervals)):
        raise ValueError("The intervals of a day overlap")
    return intervals


Skill = Annotated[str, Field(min_length=1, max_length=60, json_schema_extra=LINE_SCHEMA), ONE_LINE]
Skills = Annotated[
    list[Skill],
    Field(max_length=50, json_schema_extra={"uniqueItems": True}, examples=[["Python", "PostgreSQL"]]),
    AfterValidator(each_once("skill")),
]
About = Annotated[
    str,
    Field(
        max_length=5000,
        pattern=NO_NUL,
        description="Markdown. Whoever shows it as HTML has to sanitize it.",
        examples=["Backend. Ask me about **billing**."],
    ),
]
AvatarUrl = Annotated[
    str,
    Field(
        max_length=2000,
        pattern=_HTTPS,
        description="https only, without user name and password; ASCII, other characters encoded.",
        examples=["https://pictures.company.example/anna.png"],
    ),
]


class Interval(Strict):
    """Working time within one day, to the minute. A night shift is two intervals, parted at midnight."""

    start: str = Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])
    end: str = Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["18:00"])

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start >= self.end:
            raise ValueError("An interval ends after it begins")
        return self


class WorkingHours(Strict):
    """When somebody works in an ordinary week, by the clocks of `time_zone`; a day not named is free."""

    time_zone: TimeZone
    days: dict[Weekday, Annotated[list[Interval], Field(max_length=10), AfterValidator(_apart)]] = Field(
        examples=[{"monday": [{"start": "09:00", "end": "13:00"}, {"start": "14:00", "end": "18:00"}]}]
    )


class Profile(Schema):
    """What a person says of themselves; nobody has said anything yet: the defaults."""

    working_hours: WorkingHours | None = None
    skills: Skills = Field(default_factory=list)
    about: About = ""
    avatar_url: AvatarUrl | None = None


class UserWithProfile(UserDetail, Profile):
    """A person with their assignments and their profile."""


_READ_ONLY: Any = Field(None, json_schema_extra={"readOnly": True})


class ReadOnly(BaseModel):
    """What of a person belongs to the administration; it may be sent back as it was got."""

    oid: UserOid | None = _READ_ONLY
    name: UserName | None = _READ_ONLY
    email: Email | None = _READ_ONLY
    role: Role | None = _READ_ONLY
    locale: str | None = _READ_ONLY
    time_zone: str | None = _READ_ONLY
    assignments: list[Assignment] | None = _READ_ONLY
    assignments_total: int | None = _READ_ONLY


class ProfileInput(ReadOnly, Strict):
    """The whole new profile: all four fields, so that nothing is emptied by being forgotten."""

    working_hours: WorkingHours | None
    skills: Skills
    about: About
    avatar_url: AvatarUrl | None
