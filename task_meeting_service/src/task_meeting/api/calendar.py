"""Calendars: a secret link for calendar programs, and what it leads to."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from service_kit.http.answers import NOT_MODIFIED, TAGGED, Answers, problems
from service_kit.http.etag import IfNoneMatch, etag, not_modified
from task_meeting.api.dependencies import NoParameters, ReadsMeetings, Session, Writing
from task_meeting.schemas.calendar import CalendarLink, NewCalendarLink
from task_meeting.service.meetings import feeds

# What follows it is a secret.
LINKS = "/api/calendar/"

router = APIRouter(prefix="/calendar", tags=["calendar"])

# One calendar at a time: to write it takes the processor, which all other requests need too.
_WRITER = ThreadPoolExecutor(1, "calendar")
_MEDIA_TYPE = "text/calendar"
_EXAMPLE = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Team Suite//EN\r\nBEGIN:VEVENT\r\n"
    "UID:meeting-019aa5f2-1b4c-7d0e-8a6b-5c4d3e2f1a00@team-suite\r\nDTSTAMP:20261121T100000Z\r\n"
    "DTSTART:20261123T090000Z\r\nDTEND:20261123T100000Z\r\nSUMMARY:Close the books\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
_CALENDAR = {
    "description": "The calendar (RFC 5545).",
    "content": {_MEDIA_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE}},
}
_ANSWERS: Answers = {200: TAGGED[200] | _CALENDAR} | NOT_MODIFIED | problems(429)

Token = Annotated[
    str,
    Path(description="The secret of the link.", examples=["mYq2c0Zs1h5Tn3xVtUe4kJfLr9dPbWgA7iOo8QyHvXE"]),
]


@router.get("/", summary="Show whether there is a link to one's calendar")
async def get_link(session: Session, access: ReadsMeetings, _query: NoParameters) -> CalendarLink:
    """Whether the caller has a link, and since when. What it is, only its creation tells."""
    return await feeds.show_link(session, access.oid)


@router.post("/", summary="Make a new link to one's calendar", status_code=201)
async def create_link(
    request: Request, session: Writing, access: ReadsMeetings, _query: NoParameters
) -> NewCalendarLink:
    """Make a secret link, for calendar programs, to the caller's meetings and to their tasks with deadlines.

    One that there was before leads nowhere from now on. There is no idempotency key, as its answer would have
    to be kept, and with it the secret.
    """
    return await feeds.make_link(session, access.oid, request.app.state.public_url)


@router.delete("/", summary="End the link to one's calendar", status_code=204)
async def delete_link(session: Writing, access: ReadsMeetings, _query: NoParameters) -> None:
    """Let the caller's link lead nowhere, at once; also when there is none."""
    await feeds.end_link(session, access.oid)


@router.head(
    "/{token}.ics", summary="Ask for a calendar's version", response_class=Response, responses=_ANSWERS
)
@router.get("/{token}.ics", summary="Show a calendar", response_class=Response, responses=_ANSWERS)
async def get_calendar(request: Request, token: Token, known: IfNoneMatch, _query: NoParameters) -> Response:
    """What the link's owner organizes, is asked to and has not declined, and the deadlines of their tasks.

    From 90 days back on, and of more than 2,000 entries the newest; cancelled ones are marked so. It needs no
    access token, as the link is a secret. One that was ended is 404, as is one whose owner has no assignment.
    """
    async with request.app.state.database.read() as session:
        calendar = await feeds.read_calendar(session, token, datetime.now(UTC))
    content = await asyncio.get_running_loop().run_in_executor(_WRITER, calendar.written)
    version = sha256(content).hexdigest()
    answer = not_modified(version) if known.matches(version) else _file(content, version)
    # Asked again each time, so that one that was ended is gone.
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _file(content: bytes, version: str) -> Response:
    headers = {"ETag": etag(version), "Content-Disposition": 'inline; filename="calendar.ics"'}
    return Response(content, headers=headers, media_type=_MEDIA_TYPE)
