"""Meetings as HTTP carries them: what is answered, and what may be written."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from task_meeting.schemas.base import Moment, ProjectOid, Schema, TeamOid, UserName, UserOid
from task_meeting.schemas.tasks import Description, NewTask, TaskOid, Title, without_defaults
from task_meeting.schemas.values import LINE_SCHEMA, ONE_LINE, Strict, TimeZone, When, each_once

MAX_PEOPLE = 500
MAX_TEAMS = 20
MAX_EXCEPTIONS = 200
# How far an answer looks ahead.
NEXT_OCCURRENCES = 10
MAX_CONFLICTS = 50
_LINK = r"^https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?([/?#][!-~]*)?$"

MeetingStatus = Literal["scheduled", "cancelled"]
Answered = Literal["accepted", "declined", "tentative"]
Response = Literal["needs_action", "accepted", "declined", "tentative"]

MeetingOid = Annotated[UUID, Field(examples=["019aa5f2-1b4c-7d0e-8a6b-5c4d3e2f1a00"])]
# As it is answered: with the offset of the meeting's zone, or for all-day meetings a date.
Shown = Annotated[
    str,
    Field(
        description="RFC 3339 with the offset of the meeting's time zone; of an all-day meeting, a date.",
        examples=["2026-11-23T10:00:00+01:00"],
    ),
]
Place = Annotated[
    str, Field(min_length=1, max_length=300, json_schema_extra=LINE_SCHEMA, examples=["Room 12"]), ONE_LINE
]
Link = Annotated[
    str,
    Field(
        max_length=2000,
        pattern=_LINK,
        description="http or https, without user name and password; ASCII, other characters encoded.",
        examples=["https://meet.company.example/billing"],
    ),
]
Recurrence = Annotated[
    str,
    Field(
        min_length=1,
        max_length=500,
        json_schema_extra=LINE_SCHEMA,
        description="The value of an RRULE (RFC 5545, 3.3.10) that recurs daily or more seldom.",
        examples=["FREQ=WEEKLY;BYDAY=MO"],
    ),
    ONE_LINE,
]
People = Annotated[
    list[UserOid],
    Field(
        max_length=MAX_PEOPLE,
        json_schema_extra={"uniqueItems": True},
        description="Who is asked by name, beside the organizer, who always comes.",
    ),
    AfterValidator(each_once("person")),
]
Teams = Annotated[
    list[TeamOid],
    Field(
        max_length=MAX_TEAMS,
        json_schema_extra={"uniqueItems": True},
        description="Teams that are asked: whoever is in them at the time.",
    ),
    AfterValidator(each_once("team")),
]
_END = Field(description="Exclusive. In the same way as `start`.", examples=["2026-11-23T11:00:00"])


class ExceptionInput(Strict):
    """What differs at one time of a series."""

    original_start: When = Field(description="Which: where the rule puts it.")
    start: When | None = Field(None, description="When it begins instead; null: it does not take place.")
    end: When | None = Field(None, description="When it ends then; null: it lasts as long as the others.")


Exceptions = Annotated[list[ExceptionInput], Field(max_length=MAX_EXCEPTIONS)]


class Times(Strict):
    """When something is to take place."""

    start: When
    end: When = _END
    time_zone: TimeZone | None = Field(None, description="The caller's own, unless given, or UTC.")
    recurrence: Recurrence | None = None
    exceptions: Exceptions = Field(default_factory=list)


class NewMeeting(Times):
    """A meeting to be scheduled; its organizer is whoever schedules it."""

    title: Title
    agenda: Description = ""
    place: Place | None = None
    link: Link | None = None
    project_oid: ProjectOid | None = Field(None, description="One that the caller sees.")
    team_oid: TeamOid | None = Field(None, description="One of the project's teams.")
    attendee_oids: People = Field(default_factory=list)
    team_oids: Teams | None = Field(None, description="Left out or null: `team_oid`, if there is one.")


class MeetingPatch(Strict):
    """Fields of a meeting to be changed; those left out stay as they are."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    title: Title = ""
    agenda: Description = ""
    minutes: Description = ""
    place: Place | None = None
    link: Link | None = None
    start: When = date.min
    end: When = date.min
    time_zone: TimeZone = ""
    recurrence: Recurrence | None = None
    exceptions: Exceptions = Field(default_factory=list)
    attendee_oids: People = Field(default_factory=list)
    team_oids: Teams = Field(default_factory=list)


class ConflictQuery(Times):
    """A meeting that may come to be, or a change of one that is there."""

    attendee_oids: People = Field(default_factory=list)
    team_oids: Teams = Field(default_factory=list)
    except_oid: MeetingOid | None = Field(
        None, description="The meeting that is to be changed: it is in nobody's way."
    )


class ResponseInput(Strict):
    """An answer to an invitation."""

    status: Answered = Field(examples=["accepted"])


class ResponseGiven(Schema):
    """What the caller answered to an invitation."""

    status: Answered = Field(examples=["accepted"])
    responded_at: Moment


class NewActionItem(NewTask):
    """A task that a meeting decided on."""

    project_oid: ProjectOid | None = Field(  # type: ignore[assignment]  # narrower in tasks
        None, description="For a meeting without a project; otherwise the task is in the meeting's."
    )


class Exceptional(Schema):
    """What differs at one time of a series."""

    original_start: Shown
    start: Shown | None = Field(description="Null: it does not take place.")
    end: Shown | None


class Meeting(Schema):
    """A meeting, or a series of them."""

    id: int = Field(examples=[1])
    oid: MeetingOid
    title: str = Field(examples=["Close the books"])
    agenda: str = Field(description="Markdown.", examples=["1. Invoices"])
    minutes: str = Field(description="Markdown.", examples=[""])
    place: str | None = Field(examples=["Room 12"])
    link: str | None = Field(examples=["https://meet.company.example/billing"])
    project_oid: ProjectOid | None
    team_oid: TeamOid | None
    organizer_oid: UserOid
    start: Shown
    end: Shown = Field(description="Exclusive.", examples=["2026-11-23T11:00:00+01:00"])
    all_day: bool = Field(examples=[False])
    time_zone: str = Field(examples=["Europe/Berlin"])
    recurrence: str | None = Field(
        description="The value of an RRULE (RFC 5545).", examples=["FREQ=WEEKLY;BYDAY=MO"]
    )
    exceptions: list[Exceptional]
    status: MeetingStatus
    attendee_oids: list[UserOid]
    team_oids: list[TeamOid]
    sequence: int = Field(description="Grows with every change that people are told of.", examples=[0])
    version: int = Field(
        description="Grows by one with every change; the `ETag` is made of it.", examples=[1]
    )
    created_at: Moment
    updated_at: Moment
    cancelled_at: Moment | None


class Attendee(Schema):
    """Somebody who is asked to come: by name, by a team at present, or as the organizer."""

    user_oid: UserOid
    name: UserName
    response: Response
    organizer: bool


class ActionItem(Schema):
    """A task that the meeting decided on and that is still there."""

    task_oid: TaskOid
    title: str = Field(examples=["Close the books"])
    status: str = Field(examples=["in_progress"])
    open: bool


class Occurrence(Schema):
    """One time that a meeting takes place."""

    original_start: Shown
    start: Shown
    end: Shown


class Conflict(Schema):
    """Another meeting of a guest's at the same time."""

    user_oid: UserOid
    name: UserName
    start: Moment
    end: Moment
    meeting_oid: MeetingOid | None = Field(description="Null: one that the caller may not see.")
    title: str | None = Field(examples=["Planning"])


_CONFLICTS = Field(
    description=f"Of the next {NEXT_OCCURRENCES} times: the first {MAX_CONFLICTS}. Who declined is not busy."
)


class MeetingDetail(Meeting):
    """A meeting with those who come, and what it is about to meet."""

    attendees: list[Attendee]
    action_items: list[ActionItem] = Field(description="Those that the caller sees as tasks.")
    next_occurrences: list[Occurrence] = Field(
        description=f"Those that have not ended, at most {NEXT_OCCURRENCES}."
    )
    conflicts: list[Conflict] = _CONFLICTS


class Conflicts(Schema):
    """What is in the way."""

    conflicts: list[Conflict] = _CONFLICTS


def patched(body: MeetingPatch) -> dict[str, Any]:
    """The fields that are to be changed, as values; exceptions stay what they are."""
    return {name: getattr(body, name) for name in body.model_fields_set}
