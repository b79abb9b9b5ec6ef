"""Who may see meetings, and do what with them (docs/authorization.md)."""

from http import HTTPStatus
from uuid import UUID

from service_kit.db import ReadSession
from service_kit.http import NotFound, Problem
from task_meeting.models import Meeting
from task_meeting.queries import meetings as queries
from task_meeting.queries import visibility
from task_meeting.service.access import Access

MANAGE = "meetings.manage"


async def find(session: ReadSession, access: Access, oid: UUID) -> Meeting:
    """A meeting that is seen: by its guests, and by those who see its project. Raises `NotFound`."""
    meeting = await queries.find_meeting(session, oid)
    if meeting is None or not (
        await _of_own_project(session, access, meeting) or await attends(session, access, meeting)
    ):
        raise NotFound("meeting")
    return meeting


async def attends(session: ReadSession, access: Access, meeting: Meeting) -> bool:
    """Whether the caller is a guest, or the organizer."""
    return await queries.is_guest(session, meeting.id, access.oid)


async def check_changes(session: ReadSession, access: Access, meeting: Meeting) -> None:
    """Raise `Problem` 403 unless the caller may change the meeting."""
    if not await _changes(session, access, meeting):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "One changes the meetings that one organizes; others' meetings of one's projects need the"
            f" permission {MANAGE}.",
        )


async def check_works(session: ReadSession, access: Access, meeting: Meeting) -> None:
    """Raise `Problem` 403 unless the caller may write minutes and action items."""
    if not (await attends(session, access, meeting) or await _changes(session, access, meeting)):
        raise Problem(HTTPStatus.FORBIDDEN, "This is for those who are asked to the meeting.")


async def check_attends(session: ReadSession, access: Access, meeting: Meeting) -> None:
    """Raise `Problem` 403 unless the caller is asked to come."""
    if not await attends(session, access, meeting):
        raise Problem(HTTPStatus.FORBIDDEN, "Only those who are asked to a meeting answer.")


def check_scheduled(meeting: Meeting) -> None:
    """Raise `Problem` 409 if the meeting is cancelled."""
    if meeting.status == "cancelled":
        raise Problem(HTTPStatus.CONFLICT, "The meeting is cancelled.")


async def _changes(session: ReadSession, access: Access, meeting: Meeting) -> bool:
    if meeting.organizer_oid == access.oid:
        return True
    return access.caller.may(MANAGE) and await _of_own_project(session, access, meeting)


async def _of_own_project(session: ReadSession, access: Access, meeting: Meeting) -> bool:
    if access.everywhere:
        return True
    project_oid = meeting.project_oid
    return project_oid is not None and await visibility.project_is_seen(session, access.oid, project_oid)
