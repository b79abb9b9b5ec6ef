"""What Kafka carries to this service, and from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from msgspec import UNSET, Meta, UnsetType

from service_kit.cdc import Change, RowChange, row_change_decoder
from service_kit.outbox import Event

ASSIGNMENT_TOPIC = "django_db.public.teams_userassignment"
TASK_TOPIC = "task-bus"
REASSIGN_TOPIC = "reassign-task-bus"
MEETING_TOPIC = "meeting-bus"
REMINDER_TOPIC = "reminder-bus"

# What is indexed must stay below the 2704 bytes that a B-tree entry of PostgreSQL holds.
_Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
_Name = Annotated[str, Meta(max_length=500)]
_Word = Annotated[str, Meta(max_length=100)]
_Url = Annotated[str, Meta(max_length=4000)]
_Time = Annotated[datetime, Meta(tz=True)]


class AssignmentRow(RowChange, kw_only=True):
    """A row of `teams_userassignment`; its copies of names and e-mail make it say everything.

    The columns that may be missing were added to the source's table later.
    """

    id: _Id
    project_id: _Id
    team_id: _Id | None
    user_id: _Id
    project_name: _Name
    team_name: _Name | None
    user_oid: UUID
    user_email: _Name
    user_name: _Name
    user_role: _Word
    project_oid: UUID
    team_oid: UUID | None
    application_url: _Url | UnsetType | None = UNSET
    user_locale: _Word | UnsetType | None = UNSET
    user_time_zone: _Word | UnsetType | None = UNSET
    created_at: _Time | UnsetType | None = UNSET


AssignmentChange = Change[AssignmentRow]
decode_assignment = row_change_decoder(AssignmentRow)

TaskNews = Literal[
    "task.created.v1",
    "task.updated.v1",
    "task.assigned.v1",
    "task.unassigned.v1",
    "task.status-changed.v1",
    "task.completed.v1",
    "task.reopened.v1",
    "task.commented.v1",
    "task.deleted.v1",
]
# S3's word for each; whatever is neither of these is an update.
_KINDS = {"task.created.v1": "create", "task.deleted.v1": "delete"}

MeetingNews = Literal["meeting.scheduled.v1", "meeting.changed.v1", "meeting.cancelled.v1"]
_MEETING_KINDS = {
    "meeting.scheduled.v1": "create",
    "meeting.changed.v1": "update",
    "meeting.cancelled.v1": "delete",
}
ReminderKind = Literal["task_day_before", "task_hour_before", "task_overdue", "meeting_soon"]


def task_event(news: TaskNews, task_uid: UUID, data: Mapping[str, Any]) -> Event:
    """A TaskEvent (S3; contracts/events/task-bus.schema.json). `data` is JSON, without the description."""
    about = {"type": _KINDS.get(news, "update"), "task_uid": str(task_uid), "data": dict(data)}
    return _event(TASK_TOPIC, str(task_uid), news, about)


def reassign_event(job_uid: UUID, assignees: Mapping[UUID, UUID]) -> Event:
    """A ReassignTaskEvent (S3): the new assignee of each of at most 500 tasks."""
    data = {str(task_uid): str(user_uid) for task_uid, user_uid in assignees.items()}
    about = {"type": "reassign", "job_uid": str(job_uid), "data": data}
    return _event(REASSIGN_TOPIC, str(job_uid), "tasks.reassigned.v1", about)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whom an event concerns, with all that a mail to them needs.

    `action` is what has become of the meeting for them; reminders have none.
    """

    oid: UUID
    name: str
    email: str
    locale: str | None
    time_zone: str | None
    action: Literal["invite", "update", "cancel"] | None = None

    def told(self) -> dict[str, Any]:
        """As JSON."""
        told = {
            "oid": str(self.oid),
            "name": self.name,
            "email": self.email,
            "locale": self.locale,
            "time_zone": self.time_zone,
        }
        return told | ({"action": self.action} if self.action else {})


def meeting_event(news: MeetingNews, meeting_uid: UUID, data: Mapping[str, Any]) -> Event:
    """What happened to a meeting (contracts/events/meeting-bus.schema.json). `data` is JSON."""
    about = {"type": _MEETING_KINDS[news], "meeting_uid": str(meeting_uid), "data": dict(data)}
    return _event(MEETING_TOPIC, str(meeting_uid), news, about)


def reminder_event(subject_uid: UUID, data: Mapping[str, Any]) -> Event:
    """That something is due (contracts/events/reminder-bus.schema.json).

    `subject_uid` is the task or the meeting; `data` is JSON.
    """
    about = {"type": "create", "subject_uid": str(subject_uid), "data": dict(data)}
    return _event(REMINDER_TOPIC, str(subject_uid), "reminder.due.v1", about)


def _event(topic: str, key: str, type_: str, about: Mapping[str, Any]) -> Event:
    uid = uuid4()
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Event(topic, key, type_, {"uid": str(uid), "version": 1, **about, "created_at": now}, uid)
