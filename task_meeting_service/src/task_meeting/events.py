"""What Kafka carries to this service, and from it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from msgspec import UNSET, Meta, UnsetType

from service_kit.cdc import Change, RowChange, row_change_decoder
from service_kit.outbox import Event

ASSIGNMENT_TOPIC = "django_db.public.teams_userassignment"
TASK_TOPIC = "task-bus"
REASSIGN_TOPIC = "reassign-task-bus"

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


def task_event(news: TaskNews, task_uid: UUID, data: Mapping[str, Any]) -> Event:
    """A TaskEvent (S3; contracts/events/task-bus.schema.json). `data` is JSON, without the description."""
    about = {"type": _KINDS.get(news, "update"), "task_uid": str(task_uid), "data": dict(data)}
    return _event(TASK_TOPIC, str(task_uid), news, about)


def reassign_event(job_uid: UUID, assignees: Mapping[UUID, UUID]) -> Event:
    """A ReassignTaskEvent (S3): the new assignee of each of at most 500 tasks."""
    data = {str(task_uid): str(user_uid) for task_uid, user_uid in assignees.items()}
    about = {"type": "reassign", "job_uid": str(job_uid), "data": data}
    return _event(REASSIGN_TOPIC, str(job_uid), "tasks.reassigned.v1", about)


def _event(topic: str, key: str, type_: str, about: Mapping[str, Any]) -> Event:
    uid = uuid4()
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Event(topic, key, type_, {"uid": str(uid), "version": 1, **about, "created_at": now}, uid)
