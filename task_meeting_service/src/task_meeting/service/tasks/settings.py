"""How a project works with its tasks: its statuses, and who gets tasks without an assignee."""

from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

from service_kit.db import ReadSession, WriteSession
from service_kit.http import Problem
from service_kit.http.etag import Match
from task_meeting.models import ProjectSettings
from task_meeting.queries import project_settings as queries
from task_meeting.queries.eligible import Place, hold
from task_meeting.queries.membership import Leaver
from task_meeting.schemas import project_settings as schemas
from task_meeting.service.access import Access
from task_meeting.service.leaving import give_up_tasks
from task_meeting.service.reminding.keeping import keep_project_plans


async def settings_of(session: ReadSession, project_oid: UUID) -> schemas.ProjectSettings:
    """The project's settings: its own, or the default ones."""
    row = await queries.find_settings(session, project_oid)
    if row is None:
        return schemas.ProjectSettings(
            project_oid=project_oid,
            workflow=schemas.DEFAULT_WORKFLOW,
            strategy="random",
            on_leave="unassign",
            version=0,
        )
    return schemas.ProjectSettings.model_validate(row, from_attributes=True)


async def workflow_of(session: WriteSession, project_oid: UUID) -> schemas.Workflow:
    """The project's workflow, which stays as it is until the transaction ends."""
    await queries.hold_settings(session, project_oid)
    return (await settings_of(session, project_oid)).workflow


async def show_settings(session: ReadSession, access: Access, project_oid: UUID) -> schemas.ProjectSettings:
    """The settings of a project that is seen. Raises `NotFound`."""
    await access.check_project(session, project_oid)
    return await settings_of(session, project_oid)


async def replace_settings(
    session: WriteSession, access: Access, project_oid: UUID, match: Match, new: schemas.NewSettings
) -> schemas.ProjectSettings:
    """Change how a project works; from then on its tasks are open or not by the new workflow.

    Raises:
        NotFound: the project is not seen.
        Problem: 412 for another version; 409 when the workflow lacks a status that tasks have.
    """
    await access.check_project(session, project_oid)
    await queries.lock_settings(session, project_oid)
    version = (await settings_of(session, project_oid)).version
    match.check(version)
    await _check_statuses(session, project_oid, new.workflow)
    await session.merge(
        ProjectSettings(project_oid=project_oid, version=version + 1, **new.model_dump(mode="json"))
    )
    await session.flush()
    await _open_by_workflow(session, project_oid, new.workflow)
    return await settings_of(session, project_oid)


async def _open_by_workflow(session: WriteSession, project_oid: UUID, workflow: schemas.Workflow) -> None:
    """Tasks that are open now belong to nobody who has left the project since they were closed."""
    final = [status.name for status in workflow.statuses if status.final]
    assignees = await queries.list_assignees_to_reopen(session, project_oid, final)
    # Whoever is leaving at this moment is waited for; who is still there will find what is theirs.
    await hold(session, [Place(project_oid, None, assignee) for assignee in assignees])
    await queries.close_by_status(session, project_oid, final)
    await give_up_tasks(session, {Leaver(assignee, project_oid) for assignee in assignees})
    await keep_project_plans(session, project_oid, datetime.now(UTC))


async def _check_statuses(session: ReadSession, project_oid: UUID, workflow: schemas.Workflow) -> None:
    known = [status.name for status in workflow.statuses]
    missing = await queries.statuses_in_use(session, project_oid, without=known)
    if missing:
        raise Problem(
            HTTPStatus.CONFLICT,
            "The workflow lacks statuses that tasks of the project have.",
            extra={"statuses": missing},
        )
