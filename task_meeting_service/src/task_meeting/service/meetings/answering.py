"""Answers to invitations: everybody gives their own, and the last one counts."""

from datetime import UTC, datetime
from uuid import UUID

from service_kit.db import WriteSession
from task_meeting.queries import meetings as queries
from task_meeting.schemas.meetings import ResponseGiven, ResponseInput
from task_meeting.service.access import Access
from task_meeting.service.meetings import permitting


async def respond(session: WriteSession, access: Access, oid: UUID, given: ResponseInput) -> ResponseGiven:
    """Answer an invitation; nobody is told of it.

    Raises:
        NotFound: the meeting is not seen.
        Problem: 403 for somebody who is not asked; 409 for a cancelled meeting.
    """
    meeting = await permitting.find(session, access, oid)
    await permitting.check_attends(session, access, meeting)
    permitting.check_scheduled(meeting)
    now = datetime.now(UTC)
    await queries.save_response(session, meeting.id, access.oid, given.status, now)
    return ResponseGiven(status=given.status, responded_at=now)
