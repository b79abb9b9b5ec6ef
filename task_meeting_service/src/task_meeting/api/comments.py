"""What people say of tasks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from service_kit.http.answers import CREATED, NOT_MODIFIED, TAGGED, WITH_BODY, problems
from service_kit.http.etag import IfMatch, IfNoneMatch, etag, not_modified
from service_kit.http.idempotency import Answer, Once
from task_meeting.api.dependencies import NoParameters, ReadsTasks, Session, TaskKey, WritesTasks, Writing
from task_meeting.schemas import comments as schemas
from task_meeting.schemas.task_lists import PartQuery
from task_meeting.service.tasks import commenting, pages

router = APIRouter(prefix="/tasks/{task_oid}/comments", tags=["comments"])


@router.get("/", summary="List a task's comments")
async def list_comments(
    session: Session, access: ReadsTasks, task_oid: TaskKey, query: Annotated[PartQuery, Query()]
) -> schemas.Comments:
    """What people said of a task, the oldest first."""
    return await pages.show_comments(session, access, task_oid, query)


@router.post(
    "/",
    summary="Comment on a task",
    status_code=201,
    response_model=schemas.Comment,
    responses=CREATED | problems(409, *WITH_BODY),
)
async def create_comment(
    *,
    session: Writing,
    access: WritesTasks,
    task_oid: TaskKey,
    once: Once,
    body: schemas.NewComment,
    _query: NoParameters,
) -> Response:
    """Say something of any task that the caller sees."""

    async def work() -> Answer:
        comment = await commenting.add_comment(session, access, task_oid, body.body)
        headers = {
            "Location": f"/api/tasks/{task_oid}/comments/{comment.oid}/",
            "ETag": etag(comment.version),
        }
        return Answer(201, schemas.Comment.model_validate(comment), headers)

    return await once.run(session, access.oid, work)


@router.get(
    "/{comment_oid}/",
    summary="Show a comment",
    response_model=schemas.Comment,
    responses=TAGGED | NOT_MODIFIED,
)
async def get_comment(
    *,
    session: Session,
    access: ReadsTasks,
    task_oid: TaskKey,
    comment_oid: UUID,
    known: IfNoneMatch,
    response: Response,
    _query: NoParameters,
) -> Response | schemas.Comment:
    """A comment, with the `ETag` that its next edit should name in `If-Match`."""
    comment = await commenting.show_comment(session, access, task_oid, comment_oid)
    if known.matches(comment.version):
        return not_modified(comment.version)
    response.headers["ETag"] = etag(comment.version)
    return schemas.Comment.model_validate(comment)


@router.patch("/{comment_oid}/", summary="Edit a comment", responses=TAGGED | problems(412, *WITH_BODY))
async def patch_comment(
    *,
    session: Writing,
    access: WritesTasks,
    task_oid: TaskKey,
    comment_oid: UUID,
    if_match: IfMatch,
    body: schemas.NewComment,
    response: Response,
    _query: NoParameters,
) -> schemas.Comment:
    """Say it otherwise. Comments are edited by their authors alone."""
    comment = await commenting.edit_comment(
        session, access, task_oid, comment_oid, match=if_match, body=body.body
    )
    response.headers["ETag"] = etag(comment.version)
    return schemas.Comment.model_validate(comment)


@router.delete("/{comment_oid}/", summary="Delete a comment", status_code=204, responses=problems(412))
async def delete_comment(
    *,
    session: Writing,
    access: WritesTasks,
    task_oid: TaskKey,
    comment_oid: UUID,
    if_match: IfMatch,
    _query: NoParameters,
) -> None:
    """Take it back. Comments are deleted by their authors alone."""
    await commenting.delete_comment(session, access, task_oid, comment_oid, if_match)
