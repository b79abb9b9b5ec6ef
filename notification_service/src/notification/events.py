"""What Kafka carries to the notifier (contracts/events): only what a mail can be about."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from notification.moments import parse_moment
from service_kit.business import BusinessEvent, business_event_decoder
from service_kit.cdc import RowChange, row_change_decoder

ASSIGNMENT_TOPIC = "django_db.public.teams_userassignment"
MEETING_TOPIC = "meeting-bus"
REMINDER_TOPIC = "reminder-bus"

# Longer than anything that the source can hold, and short enough to be indexed, rendered and mailed.
_Name = Annotated[str, Meta(max_length=500)]
_Word = Annotated[str, Meta(max_length=100)]
_Url = Annotated[str, Meta(max_length=4000)]
_Text = Annotated[str, Meta(max_length=100_000)]
_Rule = Annotated[str, Meta(max_length=2000)]
_Calendar = Annotated[str, Meta(max_length=1_000_000)]
_Time = Annotated[datetime, Meta(tz=True)]


class AssignmentRow(RowChange, kw_only=True):
    """A row of `teams_userassignment`: only the columns that a mail can be about.

    The optional ones may be missing altogether, as they were added to the source's table later.
    """

    id: int
    project_id: int
    project_name: _Name
    team_id: int | UnsetType | None = UNSET
    team_name: _Name | UnsetType | None = UNSET
    user_oid: UUID
    user_name: _Name
    user_email: _Name
    user_locale: _Word | UnsetType | None = UNSET
    user_time_zone: _Word | UnsetType | None = UNSET
    application_url: _Url | UnsetType | None = UNSET


class Person(Struct, kw_only=True):
    """Somebody to be mailed. `time_zone` is an IANA name."""

    oid: UUID
    name: _Name
    email: _Name
    locale: _Word | None = None
    time_zone: _Word | None = None


class Guest(Person, kw_only=True):
    """Somebody whom a meeting's news concerns; `action` is what has become of it for them."""

    action: Literal["invite", "update", "cancel"]


class Organizer(Struct, kw_only=True):
    name: _Name
    email: _Name


class Calendar(Struct, kw_only=True):
    """Ready iCalendar objects (RFC 5546): METHOD:REQUEST and METHOD:CANCEL."""

    request: _Calendar | None = None
    cancel: _Calendar | None = None


class MeetingBefore(Struct, kw_only=True):
    """What a change replaced: the former values of what differs, and only of that."""

    title: _Name | UnsetType = UNSET
    place: _Name | UnsetType | None = UNSET
    link: _Url | UnsetType | None = UNSET
    start: _Word | UnsetType = UNSET
    end: _Word | UnsetType = UNSET
    all_day: bool | UnsetType = UNSET
    time_zone: _Word | UnsetType = UNSET
    recurrence: _Rule | UnsetType | None = UNSET
    exceptions: list[Any] | UnsetType = UNSET

    def __post_init__(self) -> None:
        for moment in (self.start, self.end):
            if moment is not UNSET:
                parse_moment(moment)


class MeetingNews(Struct, kw_only=True):
    """A meeting as it is now, and whom to tell.

    `start` and `end` are times with an offset (RFC 3339), or for an all-day meeting dates, the end
    exclusive; `next_start` and `next_end` are its next occurrence, if there is any.
    """

    oid: UUID
    title: _Name
    agenda: _Text = ""
    place: _Name | None = None
    link: _Url | None = None
    project_name: _Name | None = None
    team_name: _Name | None = None
    organizer: Organizer
    start: _Word
    end: _Word
    all_day: bool
    time_zone: _Word
    recurrence: _Rule | None = None
    next_start: _Time | None = None
    next_end: _Time | None = None
    status: Literal["scheduled", "cancelled"]
    before: MeetingBefore
    recipients: Annotated[list[Guest], Meta(max_length=500)]
    calendar: Calendar

    @property
    def subject(self) -> str:
        """The meeting, as the mails name it."""
        return f"meeting:{self.oid}"

    def __post_init__(self) -> None:
        for moment in (self.start, self.end):
            parse_moment(moment)


class DueTask(Struct, kw_only=True):
    oid: UUID
    title: _Name
    project_name: _Name | None = None
    priority: _Word
    status: _Word
    deadline: _Time
    deadline_time_zone: _Word | None = None


class DueMeeting(Struct, kw_only=True):
    """One occurrence of a meeting."""

    oid: UUID
    title: _Name
    place: _Name | None = None
    link: _Url | None = None
    project_name: _Name | None = None
    all_day: bool
    time_zone: _Word
    start: _Time
    end: _Time


class ReminderDue(Struct, kw_only=True):
    """What people are to be reminded of; after `expires_at` it tells them nothing new."""

    kind: Literal["task_day_before", "task_hour_before", "task_overdue", "meeting_soon"]
    task: DueTask | None = None
    meeting: DueMeeting | None = None
    due_at: _Time
    expires_at: _Time
    recipients: Annotated[list[Person], Meta(max_length=500)]

    @property
    def subject(self) -> str:
        """What is due, as the mails name it."""
        if self.meeting is not None:
            return f"meeting:{self.meeting.oid}"
        assert self.task is not None, "checked when it was read"
        return f"task:{self.task.oid}"

    def __post_init__(self) -> None:
        about, other = (self.meeting, self.task) if self.kind == "meeting_soon" else (self.task, self.meeting)
        if about is None or other is not None:
            raise ValueError(f"a {self.kind} is about a task or a meeting, and only that")


MeetingEvent = BusinessEvent[MeetingNews]
ReminderEvent = BusinessEvent[ReminderDue]

decode_assignment = row_change_decoder(AssignmentRow)
decode_meeting = business_event_decoder(
    dict.fromkeys(("meeting.scheduled.v1", "meeting.changed.v1", "meeting.cancelled.v1"), MeetingNews)
)
decode_reminder = business_event_decoder({"reminder.due.v1": ReminderDue})
