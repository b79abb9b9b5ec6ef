"""What happens to tasks, as far as it is mailed."""

from collections.abc import Callable, Iterable
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from notification.events.fields import Name, Time, Word
from service_kit.business import BusinessEvent, business_event_decoder
from service_kit.messages import Message

TASK_TOPIC = "task-bus"
TASK_COMPLETED = "task.completed.v1"
TASK_DELETED = "task.deleted.v1"
TASK_UPDATED = "task.updated.v1"
TASK_ASSIGNED, TASK_UNASSIGNED = "task.assigned.v1", "task.unassigned.v1"


class TaskBefore(Struct, kw_only=True):
    """What a change replaced; what did not change is missing.

    An `assignee_oid` that did not change is as one that was null.
    """

    assignee_oid: UUID | None = None
    deadline: Time | UnsetType | None = UNSET


class Task(Struct, kw_only=True):
    """A task after what happened. People are named by their oids alone.

    `actor_oid` is who did it; None: the task service, by its own rules.
    """

    oid: UUID
    title: Name
    assignee_oid: UUID | None
    reporter_oid: UUID
    priority: Word
    status: Word
    deadline: Time | None
    deadline_time_zone: Word | None
    actor_oid: UUID | None
    before: TaskBefore

    @property
    def subject(self) -> str:
        """The task, as the mails name it."""
        return f"task:{self.oid}"


TaskEvent = BusinessEvent[Task]


def task_decoder(types: Iterable[str]) -> Callable[[Message], TaskEvent | None]:
    """The decoder of `types`; of all other events, most of the topic, not even the values are read."""
    return business_event_decoder(dict.fromkeys(types, Task))
