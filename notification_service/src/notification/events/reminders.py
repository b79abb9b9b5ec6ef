"""What is due: tasks near and after their deadlines, meetings about to begin."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from notification.events.fields import Name, Time, Url, Word
from notification.events.people import Person
from service_kit.business import BusinessEvent, business_event_decoder

REMINDER_TOPIC = "reminder-bus"


class DueTask(Struct, kw_only=True):
    oid: UUID
    title: Name
    project_name: Name | None = None
    priority: Word
    status: Word
    deadline: Time
    deadline_time_zone: Word | None = None


class DueMeeting(Struct, kw_only=True):
    """One occurrence of a meeting."""

    oid: UUID
    title: Name
    place: Name | None = None
    link: Url | None = None
    project_name: Name | None = None
    all_day: bool
    time_zone: Word
    start: Time
    end: Time


class ReminderDue(Struct, kw_only=True):
    """What people are to be reminded of; after `expires_at` it tells them nothing new."""

    kind: Literal["task_day_before", "task_hour_before", "task_overdue", "meeting_soon"]
    task: DueTask | None = None
    meeting: DueMeeting | None = None
    due_at: Time
    expires_at: Time
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


ReminderEvent = BusinessEvent[ReminderDue]

decode_reminder = business_event_decoder({"reminder.due.v1": ReminderDue})
