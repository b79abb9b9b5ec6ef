"""Use case: people and tools ask what became of the mails."""

from uuid import UUID

from notification.models import Notification
from notification.queries import mails
from notification.schemas import (
    AttemptOut,
    NotificationDetails,
    NotificationOut,
    NotificationPage,
    NotificationQuery,
)
from notification.states import State
from service_kit.db import ReadSession


async def show(session: ReadSession, notification_id: UUID) -> NotificationDetails | None:
    """One mail with its attempts, or None."""
    mail = await mails.get(session, notification_id)
    if mail is None:
        return None
    attempts = [AttemptOut.model_validate(attempt) for attempt in await mails.attempts_of(session, mail.id)]
    return NotificationDetails(**_out(mail).model_dump(), attempt_list=attempts)


async def find(session: ReadSession, query: NotificationQuery) -> NotificationPage:
    """A page of the mails that match, the newest first."""
    total, found = await mails.find(
        session,
        recipient=query.recipient,
        state=query.state,
        kind=query.kind,
        assignment_id=query.assignment_id,
        offset=query.offset,
        limit=query.size,
    )
    return NotificationPage(
        total=total, page=query.page, size=query.size, notifications=[_out(mail) for mail in found]
    )


def _out(mail: Notification) -> NotificationOut:
    out = NotificationOut.model_validate(mail)
    if mail.state != State.QUEUED:
        out.next_attempt_at = None
    return out
