"""What happens to meetings, and whom it concerns."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from notification.events.fields import CalendarObject, Name, Rule, Text, Time, Url, Word
from notification.events.people import Person
from notification.moments import parse_moment
from service_kit.business import BusinessEvent, business_event_decoder

MEETING_TOPIC = "meeting-bus"


class Guest(Person, kw_only=True):
    """Somebody whom a meeting's news concerns; `action` is what has become of it for them."""

    action: Literal["invite", "update", "cancel"]


class Organizer(Struct, kw_only=True):
    name: Name
    email: Name


class Calendar(Struct, kw_only=True):
    """Ready iCalendar objects (RFC 5546): METHOD:REQUEST and METHOD:CANCEL."""

    request: CalendarObject | None = None
    cancel: CalendarObject | None = None


class MeetingBefore(Struct, kw_only=True):
    """What a change replaced: the former values of what differs, and only of that."""

    title: Name | UnsetType = UNSET
    place: Name | UnsetType | None = UNSET
    link: Url | UnsetType | None = UNSET
    start: Word | UnsetType = UNSET
    end: Word | UnsetType = UNSET
    all_day: bool | UnsetType = UNSET
    time_zone: Word | UnsetType = UNSET
    recurrence: Rule | UnsetType | None = UNSET
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
    title: Name
    agenda: Text = ""
    place: Name | None = None
    link: Url | None = None
    project_name: Name | None = None
    team_name: Name | None = None
    organizer: Organizer
    start: Word
    end: Word
    all_day: bool
    time_zone: Word
    recurrence: Rule | None = None
    next_start: Time | None = None
    next_end: Time | None = None
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


MeetingEvent = BusinessEvent[MeetingNews]

decode_meeting = business_event_decoder(
    dict.fromkeys(("meeting.scheduled.v1", "meeting.changed.v1", "meeting.cancelled.v1"), MeetingNews)
)
