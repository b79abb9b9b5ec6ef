"""Use case: somebody lets a mail go once more."""

from datetime import datetime
from http import HTTPStatus
from uuid import UUID

import structlog

from notification.models import Notification
from notification.queries import due, mails
from notification.schemas.notifications import NotificationOut
from notification.service.show import out, visible
from notification.states import Reason, State
from service_kit.auth import Caller
from service_kit.db import WriteSession
from service_kit.http import Problem

log = structlog.get_logger(__name__)


async def resend(
    session: WriteSession, caller: Caller, notification_id: UUID, *, now: datetime
) -> NotificationOut:
    """Make a mail due now; what is no longer true is not sent for that.

    A mail that the server has taken gets a new Message-ID, or else mailboxes would take it for the same one.

    Raises:
        NotFound: there is none that the caller sees.
        Problem: 409, it is on its way, a digest brings it, or its address gets no mail any more.
    """
    mail = visible(caller, await mails.lock(session, notification_id))
    _refuse_under_way(mail)
    await _refuse_bounced(session, mail, now)
    if mail.state == State.RETRYING:
        await mails.hasten(session, mail, now=now)
    else:
        await mails.resend(session, mail, message_id=_message_id(mail), by=caller.oid, now=now)
    log.info("mail_resent", notification=str(mail.id), kind=mail.kind, by=str(caller.oid))
    return out(mail)


def _refuse_under_way(mail: Notification) -> None:
    if mail.state in {State.QUEUED, State.SENDING}:
        raise Problem(HTTPStatus.CONFLICT, "It is on its way already.")
    if mail.reason == Reason.DIGEST:
        raise Problem(
            HTTPStatus.CONFLICT,
            "Another mail brings it, together with others: `digest_id` says which.",
            extra={"digest_id": str(mail.digest_id)},
        )


async def _refuse_bounced(session: WriteSession, mail: Notification, now: datetime) -> None:
    known = await due.look_at(session, mail.id, now=now)
    if known["bounced"] is not None:
        raise Problem(
            HTTPStatus.CONFLICT,
            "Mails to its address came back, so it gets none until DELETE /addresses/{address} lifts that.",
            extra={"address": known["recipient"]},
        )


def _message_id(mail: Notification) -> str:
    if mail.accepted_at is None:
        return mail.message_id
    domain = mail.message_id.rpartition("@")[2]
    return f"<{mail.id}.r{mail.resends + 1}@{domain}"
