"""Meetings: scheduling them, answering them, and what comes of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from service_kit.http.answers import CREATED, TAGGED, WITH_BODY, problems
from service_kit.http.etag import IfMatch, etag
from service_kit.http.idempotency import Answer, Once
from task_meeting.api.dependencies import NoParameters, ReadsMeetings, Session, WritesMeetings, Writing
from task_meeting.schemas import meetings as schemas
from task_meeting.schemas.meeting_lists import MeetingPage, MeetingQuery
from task_meeting.schemas.tasks import Task
from task_meeting.service.meetings import (
    answering,
    conflicts,
    deciding,
    editing,
    listing,
    permitting,
    showing,
)

router = APIRouter(prefix="/meetings", tags=["meetings"])

MeetingKey = Annotated[UUID, Path(examples=["019aa5f2-1b4c-7d0e-8a6b-5c4d3e2f1a00"])]


@router.get("/", summary="Find meetings")
async def list_meetings(
    session: Session, access: ReadsMeetings, query: Annotated[MeetingQuery, Query()]
) -> MeetingPage:
    """Meetings that the caller is asked to, and those of their projects; with `projects.all`, every meeting.

    `from` and `to` know what takes place from a year before a meeting was scheduled or changed on, and of a
    series until a year from now.
    """
    return await listing.list_meetings(session, access, query)


@router.post(
    "/",
    summary="Schedule a meeting",
    status_code=201,
    response_model=schemas.Meeting,
    responses=CREATED | problems(409, *WITH_BODY),
)
async def create_meeting(
    *, session: Writing, access: WritesMeetings, once: Once, body: schemas.NewMeeting, _query: NoParameters
) -> Response:
    """Schedule a meeting, or a series; all who are asked are invited by e-mail.

    Of a team, whoever is in it at the time is asked: who joins it later is invited then, and who leaves it is
    told that they are not asked any more. Conflicts do not keep a meeting from being scheduled.
    """

    async def work() -> Answer:
        meeting = await editing.create_meeting(session, access, body)
        headers = {"Location": f"/api/meetings/{meeting.oid}/", "ETag": etag(meeting.version)}
        return Answer(201, await showing.show_one(session, meeting), headers)

    return await once.run(session, access.oid, work)


@router.post("/conflicts/", summary="Look for conflicts", responses=problems(*WITH_BODY))
async def find_conflicts(
    session: Session, access: ReadsMeetings, body: schemas.ConflictQuery, _query: NoParameters
) -> schemas.Conflicts:
    """Who is busy at the times of a meeting that is not scheduled yet, or is to be changed.

    The organizer counts: the caller, or that of the meeting `except_oid`.
    """
    return schemas.Conflicts(conflicts=await conflicts.of_plan(session, access, body))


@router.get(
    "/{meeting_oid}/", summary="Show a meeting", response_model=schemas.MeetingDetail, responses=TAGGED
)
async def get_meeting(
    session: Session, access: ReadsMeetings, meeting_oid: MeetingKey, _query: NoParameters
) -> Response:
    """A meeting with those who come, with the `ETag` that its next change should name in `If-Match`.

    The tag is that of the meeting itself: answers, action items and conflicts come and go without it.
    """
    meeting = await permitting.find(session, access, meeting_oid)
    return _answer(await showing.show_detail(session, access, meeting))


@router.patch(
    "/{meeting_oid}/",
    summary="Change a meeting",
    response_model=schemas.Meeting,
    responses=TAGGED | problems(409, 412, *WITH_BODY),
)
async def patch_meeting(
    *,
    session: Writing,
    access: WritesMeetings,
    meeting_oid: MeetingKey,
    if_match: IfMatch,
    body: schemas.MeetingPatch,
    _query: NoParameters,
) -> Response:
    """Change some fields of a meeting that the caller organizes; what is left out stays as it is.

    With `meetings.manage` it may be any meeting of the caller's projects. Minutes are written by all who are
    asked. Those who stay asked are told what is different, and others that they are asked, or not any more.
    A series whose times change needs `exceptions` that fit them. A cancelled meeting is 409.
    """
    meeting = await editing.change_meeting(session, access, meeting_oid, if_match, schemas.patched(body))
    return _answer(await showing.show_one(session, meeting))


@router.delete("/{meeting_oid}/", summary="Cancel a meeting", status_code=204, responses=problems(412))
async def delete_meeting(
    session: Writing,
    access: WritesMeetings,
    meeting_oid: MeetingKey,
    if_match: IfMatch,
    _query: NoParameters,
) -> None:
    """Cancel a meeting: all who were asked are told. It stays, as cancelled, also in calendars."""
    await editing.cancel_meeting(session, access, meeting_oid, if_match)


@router.put("/{meeting_oid}/response/", summary="Answer an invitation", responses=problems(409, *WITH_BODY))
async def put_response(
    session: Writing,
    access: WritesMeetings,
    meeting_oid: MeetingKey,
    body: schemas.ResponseInput,
    _query: NoParameters,
) -> schemas.ResponseGiven:
    """Say whether the caller, who is asked, will come to the meeting, or to the whole series."""
    return await answering.respond(session, access, meeting_oid, body)


@router.post(
    "/{meeting_oid}/action-items/",
    summary="Create an action item",
    status_code=201,
    response_model=Task,
    responses=CREATED | problems(409, *WITH_BODY),
)
async def create_action_item(
    *,
    session: Writing,
    access: WritesMeetings,
    meeting_oid: MeetingKey,
    once: Once,
    body: schemas.NewActionItem,
    _query: NoParameters,
) -> Response:
    """Create a task that the meeting decided on, which needs `tasks.write` too.

    It is a task as any other, of the meeting's project, and the meeting shows it.
    """

    async def work() -> Answer:
        task = await deciding.add_action_item(session, access, meeting_oid, body)
        headers = {"Location": f"/api/tasks/{task.oid}/", "ETag": etag(task.version)}
        return Answer(201, Task.model_validate(task), headers)

    return await once.run(session, access.oid, work)


def _answer(meeting: schemas.Meeting) -> Response:
    return Response(
        meeting.model_dump_json(), headers={"ETag": etag(meeting.version)}, media_type="application/json"
    )
