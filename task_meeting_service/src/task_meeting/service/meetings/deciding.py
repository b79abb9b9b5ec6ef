"""What meetings decide on: tasks, which from then on are tasks like others."""

from uuid import UUID

from service_kit.auth.challenge import Forbidden
from service_kit.db import WriteSession
from service_kit.http import InvalidValueError
from task_meeting.models import Meeting, Task
from task_meeting.queries import actions
from task_meeting.schemas.meetings import NewActionItem
from task_meeting.service.access import Access
from task_meeting.service.meetings import permitting
from task_meeting.service.tasks import editing

_WRITE_TASKS = "tasks.write"


async def add_action_item(session: WriteSession, access: Access, oid: UUID, new: NewActionItem) -> Task:
    """Create a task that the meeting decided on.

    Raises:
        NotFound: the meeting or the project is not seen.
        Problem: 403 for somebody who is not asked to the meeting; 409 for a cancelled one, or when nobody
            can be chosen for the task.
        InvalidValueError: the project is missing or another one, or the team or the assignee is not in it.
    """
    if not access.caller.may(_WRITE_TASKS):
        raise Forbidden(_WRITE_TASKS)
    meeting = await permitting.find(session, access, oid)
    await permitting.check_works(session, access, meeting)
    permitting.check_scheduled(meeting)
    asked = new.model_copy(update={"project_oid": _project(meeting, new)})
    task = await editing.create_task(session, access, asked)
    await actions.add_action(session, meeting.id, task.oid)
    return task


def _project(meeting: Meeting, new: NewActionItem) -> UUID:
    project_oid = meeting.project_oid or new.project_oid
    if project_oid is None:
        raise InvalidValueError(("body", "project_oid"), "The meeting has no project of its own")
    if new.project_oid not in {None, project_oid}:
        raise InvalidValueError(("body", "project_oid"), "The meeting has another project")
    return project_oid
