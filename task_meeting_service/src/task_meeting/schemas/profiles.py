"""Profiles: the part of a person that belongs to this service."""

from functools import cache
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from task_meeting.schemas.base import Email, Role, Schema, UserName, UserOid
from task_meeting.schemas.directory import Assignment, UserDetail

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
# No outer blanks and no control characters: what looks the same is the same.
_ONE_LINE = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
_HTTPS = r"^https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?([/?#][!-~]*)?$"


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError("Not a time zone of the IANA database")
    return name


def _unique(skills: list[str]) -> list[str]:
    if len(set(skills)) < len(skills):
        raise ValueError("Each skill may be named once")
    return skills


def _apart(intervals: list["Interval"]) -> list["Interval"]:
    """In order of their beginnings, none of them beginning before the last one ended."""
    intervals = sorted(intervals, key=lambda interval: interval.start)
    if any(later.start < earlier.end for earlier, later in pairwise(intervals)):
        raise ValueError("The intervals of a day overlap")
    return intervals


Skill = Annotated[str, Field(min_length=1, max_length=60, pattern=_ONE_LINE)]
Skills = Annotated[
    list[Skill],
    AfterValidator(_unique),
    Field(max_length=50, json_schema_extra={"uniqueItems": True}, examples=[["Python", "PostgreSQL"]]),
]
About = Annotated[
    str,
    Field(
        max_length=5000,
        pattern=r"^[^\x00]*$",
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


class _Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class Interval(_Strict):
    """Working time within one day, to the minute. A night shift is two intervals, parted at midnight."""

    start: str = Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])
    end: str = Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["18:00"])

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start >= self.end:
            raise ValueError("An interval ends after it begins")
        return self


class WorkingHours(_Strict):
    """When somebody works in an ordinary week, by the clocks of `time_zone`; a day not named is free."""

    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        max_length=64, description="A name of the IANA time zone database.", examples=["Europe/Moscow"]
    )
    days: dict[Weekday, Annotated[list[Interval], AfterValidator(_apart), Field(max_length=10)]] = Field(
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


class ReadOnly(BaseModel):
    """What of a person belongs to the administration; it may be sent back as it was got."""

    oid: UserOid | None = Field(None, json_schema_extra={"readOnly": True})
    name: UserName | None = Field(None, json_schema_extra={"readOnly": True})
    email: Email | None = Field(None, json_schema_extra={"readOnly": True})
    role: Role | None = Field(None, json_schema_extra={"readOnly": True})
    locale: str | None = Field(None, json_schema_extra={"readOnly": True})
    time_zone: str | None = Field(None, json_schema_extra={"readOnly": True})
    assignments: list[Assignment] | None = Field(None, json_schema_extra={"readOnly": True})
    assignments_total: int | None = Field(None, json_schema_extra={"readOnly": True})


class ProfileInput(ReadOnly, _Strict):
    """The whole new profile: all four fields, so that nothing is emptied by being forgotten."""

    working_hours: WorkingHours | None
    skills: Skills
    about: About
    avatar_url: AvatarUrl | None
