"""Tasks: everything that is done with them one at a time, and their lists."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from service_kit.http.answers import CREATED, NOT_MODIFIED, TAGGED, WITH_BODY, problems
from service_kit.http.etag import IfMatch, IfNoneMatch, etag, not_modified
from service_kit.http.idempotency import Answer, Once
from task_meeting.api.dependencies import (
    ManagesTasks,
    NoParameters,
    ReadsTasks,
    Session,
    TaskKey,
    WritesTasks,
    Writing,
)
from task_meeting.models import Task
from task_meeting.schemas import tasks as schemas
from task_meeting.schemas.task_lists import PartQuery, TaskPage, TaskQuery
from task_meeting.service.tasks import editing, listing, pages

router = APIRouter(prefix="/tasks", tags=["tasks"])


@router.get("/", summary="Find tasks")
async def list_tasks(session: Session, access: ReadsTasks, query: Annotated[TaskQuery, Query()]) -> TaskPage:
    """Tasks of the projects that the caller is assigned to; with `projects.all`, of every project."""
    return await listing.list_tasks(session, access, query)


@router.post(
    "/",
    summary="Create a task",
    status_code=201,
    response_model=schemas.Task,
    responses=CREATED | problems(409, *WITH_BODY),
)
async def create_task(
    *, session: Writing, access: WritesTasks, once: Once, body: schemas.NewTask, _query: NoParameters
) -> Response:
    """Create a task in one of the caller's projects.

    Without `assignee_oid` an eligible person is chosen by the project's strategy; when there is none, the
    answer is 409, and there is no task.
    """

    async def work() -> Answer:
        task = await editing.create_task(session, access, body)
        headers = {"Location": f"/api/tasks/{task.oid}/", "ETag": etag(task.version)}
        return Answer(201, schemas.Task.model_validate(task), headers)

    return await once.run(session, access.oid, work)


@router.get(
    "/{task_oid}/", summary="Show a task", response_model=schemas.Task, responses=TAGGED | NOT_MODIFIED
)
async def get_task(
    session: Session, access: ReadsTasks, task_oid: TaskKey, known: IfNoneMatch, _query: NoParameters
) -> Response:
    """A task, with the `ETag` that its next change should name in `If-Match`."""
    task = await editing.show_task(session, access, task_oid)
    return not_modified(task.version) if known.matches(task.version) else _answer(task)


@router.put(
    "/{task_oid}/",
    summary="Replace a task",
    response_model=schemas.Task,
    responses=TAGGED | problems(409, 412, *WITH_BODY),
)
async def put_task(
    *,
    session: Writing,
    access: WritesTasks,
    task_oid: TaskKey,
    if_match: IfMatch,
    body: schemas.TaskReplacement,
    _query: NoParameters,
) -> Response:
    """Replace all that can be edited of a task that the caller has reported or is assigned to.

    With `tasks.manage` it may be any task. A status that the project's workflow does not lead to is 409, and
    `allowed` names those that it does.
    """
    return _answer(await editing.change_task(session, access, task_oid, if_match, body.model_dump()))


@router.patch(
    "/{task_oid}/",
    summary="Change a task",
    response_model=schemas.Task,
    responses=TAGGED | problems(409, 412, *WITH_BODY),
)
async def patch_task(
    *,
    session: Writing,
    access: WritesTasks,
    task_oid: TaskKey,
    if_match: IfMatch,
    body: schemas.TaskPatch,
    _query: NoParameters,
) -> Response:
    """Change some fields, such as the status. What is left out stays as it is.

    What is as it was asked for already changes nothing: completing a task twice completes it once.
    """
    fields = body.model_dump(exclude_unset=True)
    return _answer(await editing.change_task(session, access, task_oid, if_match, fields))


@router.delete("/{task_oid}/", summary="Delete a task", status_code=204, responses=problems(412))
async def delete_task(
    session: Writing, access: ManagesTasks, task_oid: TaskKey, if_match: IfMatch, _query: NoParameters
) -> None:
    """Delete a task with its comments, for good."""
    await editing.delete_task(session, access, task_oid, if_match)


@router.get("/{task_oid}/history/", summary="Show a task's history")
async def get_history(
    session: Session, access: ReadsTasks, task_oid: TaskKey, query: Annotated[PartQuery, Query()]
) -> schemas.History:
    """Every change of a task, the oldest first: who made it, when, and what was before and after."""
    return await pages.show_history(session, access, task_oid, query)


def _answer(task: Task) -> Response:
    shown = schemas.Task.model_validate(task)
    return Response(
        shown.model_dump_json(), headers={"ETag": etag(task.version)}, media_type="application/json"
    )
