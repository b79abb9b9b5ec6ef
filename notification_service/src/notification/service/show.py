"""Use case: people and tools ask what became of the mails.

Everybody sees the mails to themselves; those to others need a permission, and without it do not exist.
"""

from datetime import datetime
from uuid import UUID

from notification.models import Notification
from notification.queries import mails
from notification.queries.lists import find_mails, members_of
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
from service_kit.http import NotFound
from service_kit.http.cursor import decode_cursor, encode_cursor

PERMISSION = "notifications.read"


async def show(session: ReadSession, caller: Caller, notification_id: UUID) -> NotificationDetails:
    """One mail with its attempts. Raises `NotFound` when there is none that the caller sees."""
    mail = visible(caller, await mails.get(session, notification_id))
    attempts = [AttemptOut.model_validate(attempt) for attempt in await mails.attempts_of(session, mail.id)]
    members = await members_of(session, mail.id)
    return NotificationDetails(**out(mail).model_dump(), attempt_list=attempts, member_ids=members)


async def find(session: ReadSession, caller: Caller, query: NotificationQuery) -> NotificationPage:
    """A page of the mails that the caller sees and that match, the newest first. Raises `CursorError`."""
    after = None
    if query.cursor is not None:
        after = decode_cursor(query.cursor, query.filters, tuple[datetime, UUID])
    found = await find_mails(
        session, query, user_oid=_only(caller), after=after, limit=query.size + 1, offset=query.offset
    )
    shown, more = found.mails[: query.size], len(found.mails) > query.size
    return NotificationPage(
        total=found.total,
        total_is_exact=found.exact,
        page=None if query.cursor else query.page or 1,
        size=query.size,
        next_cursor=encode_cursor((shown[-1].created_at, shown[-1].id), query.filters) if more else None,
        notifications=[out(mail) for mail in shown],
    )


def visible(caller: Caller, mail: Notification | None) -> Notification:
    """The mail, if the caller sees it. Raises `NotFound`."""
    if mail is None or mail.user_oid != (_only(caller) or mail.user_oid):
        raise NotFound("notification")
    return mail


def out(mail: Notification) -> NotificationOut:
    """A mail as HTTP shows it."""
    shown = NotificationOut.model_validate(mail)
    if mail.state not in WAITING:
        shown.next_attempt_at = None
    return shown


def _only(caller: Caller) -> UUID | None:
    """Whose mails the caller sees; None for everybody's."""
    return None if caller.may(PERMISSION) else caller.oid
