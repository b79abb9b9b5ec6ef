"""Who may see and do what, once their token is known to be good (docs/adr/0017-tasks.md).

What one may not see is 404, so that nobody learns by asking that it exists; what one sees but may not do
is 403.
"""

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from service_kit.auth import Caller
from service_kit.db import ReadSession
from service_kit.http import NotFound, Problem
from task_meeting.models import Task
from task_meeting.queries import visibility

MANAGE = "tasks.manage"


@dataclass(frozen=True, slots=True)
class Access:
    """What a caller may see and do here; the permissions are those of contracts/permissions.yaml."""

    caller: Caller

    @property
    def oid(self) -> UUID:
        return self.caller.oid

    @property
    def everywhere(self) -> bool:
        """Whether every project is seen, and not only those with an assignment of one's own."""
        return self.caller.may("projects.all")

    @property
    def seen_by(self) -> UUID | None:
        """The person as queries ask for them; None sees everything."""
        return None if self.everywhere else self.oid

    async def projects(self, session: ReadSession) -> list[UUID] | None:
        """The projects that are seen; None for all."""
        return None if self.everywhere else await visibility.projects_of(session, self.oid)

    async def check_project(self, session: ReadSession, project_oid: UUID) -> None:
        """Raise `NotFound` unless the project is seen."""
        if not await visibility.project_is_seen(session, self.seen_by, project_oid):
            raise NotFound("project")

    async def check_sees(self, session: ReadSession, task: Task | None) -> Task:
        """The task, if there is one that may be seen. Raises `NotFound`."""
        if task is None or not (
            self.everywhere or await visibility.project_is_seen(session, self.oid, task.project_oid)
        ):
            raise NotFound("task")
        return task

    def check_changes(self, task: Task) -> None:
        """Raise `Problem` 403 unless the task, which is seen, may be changed."""
        if not (self.caller.may(MANAGE) or self.oid in {task.reporter_oid, task.assignee_oid}):
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "One changes the tasks that one has reported or is assigned to; others' tasks need the"
                f" permission {MANAGE}.",
            )
