"""Use case: people and tools ask what became of the mails.

Everybody sees the mails to themselves; those to others need a permission, and without it do not exist.
"""

from uuid import UUID

from notification.models import Notification
from notification.queries import mails
from notification.schemas.notifications import (
    AttemptOut,
    NotificationDetails,
    NotificationOut,
    NotificationPage,
    NotificationQuery,
)
from notification.states import WAITING
from service_kit.auth import Caller
from service_kit.db import ReadSession

PERMISSION = "notifications.read"


async def show(session: ReadSession, caller: Caller, notification_id: UUID) -> NotificationDetails | None:
    """One mail with its attempts, or None when there is no such mail for the caller."""
    mail = await mails.get(session, notification_id)
    if mail is None or mail.user_oid != (_only(caller) or mail.user_oid):
        return None
    attempts = [AttemptOut.model_validate(attempt) for attempt in await mails.attempts_of(session, mail.id)]
    return NotificationDetails(**_out(mail).model_dump(), attempt_list=attempts)


async def find(session: ReadSession, caller: Caller, query: NotificationQuery) -> NotificationPage:
    """A page of the mails that the caller sees and that match, the newest first."""
    total, found = await mails.find(
        session,
        user_oid=_only(caller),
        recipient=query.recipient,
        state=query.state,
        kind=query.kind,
        assignment_id=query.assignment_id,
        subject=query.subject,
        offset=query.offset,
        limit=query.size,
    )
    return NotificationPage(
        total=total, page=query.page, size=query.size, notifications=[_out(mail) for mail in found]
    )


def _only(caller: Caller) -> UUID | None:
    """Whose mails the caller sees; None for everybody's."""
    return None if caller.may(PERMISSION) else caller.oid


def _out(mail: Notification) -> NotificationOut:
    out = NotificationOut.model_validate(mail)
    if mail.state not in WAITING:
        out.next_attempt_at = None
    return out
