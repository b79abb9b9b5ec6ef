"""Use case: people look at a mail as its reader sees it."""

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http import HTTPStatus
from uuid import UUID

from notification.errors import UndeliverableError
from notification.kinds import Kind, is_known
from notification.mail.compose import Composer
from notification.mail.letter import Letter
from notification.queries import due, mails
from notification.schemas.notifications import Preview
from notification.service.letters import letter_of
from notification.service.show import visible
from service_kit.auth import Caller
from service_kit.db import ReadSession
from service_kit.http import Problem


async def preview(
    session: ReadSession, caller: Caller, notification_id: UUID, *, composer: Composer, now: datetime
) -> Preview:
    """The mail as it would be sent now, whatever its state.

    Raises:
        NotFound: there is none that the caller sees.
        Problem: 409, it cannot be sent, as its person has no valid address, or only a newer release knows
            how.
    """
    visible(caller, await mails.get(session, notification_id))
    letter = await _letter(session, notification_id, now)
    try:
        envelope = composer.compose(letter)
    except UndeliverableError as error:
        raise Problem(HTTPStatus.CONFLICT, f"It cannot be sent: {error.reason}.") from error
    return _shown(message_from_bytes(envelope.message, EmailMessage, policy=policy.default))


async def _letter(session: ReadSession, notification_id: UUID, now: datetime) -> Letter:
    mail = await due.look_at(session, notification_id, now=now)
    if mail["recipient"] is None:
        raise Problem(HTTPStatus.CONFLICT, "It cannot be sent: the person's e-mail address is not known yet.")
    digest = [notification_id] if mail["kind"] == Kind.DIGEST else []
    members = await due.take_members(session, digest, now=now)
    if not all(is_known(one["kind"]) for one in (mail, *members)):
        raise Problem(HTTPStatus.CONFLICT, "It cannot be shown: only a newer release has words for it.")
    return letter_of(mail, sorted(members, key=lambda member: member["committed_at"]), now)


def _shown(message: EmailMessage) -> Preview:
    return Preview(
        subject=message["Subject"],
        html=_part(message, "html"),
        text=_part(message, "plain"),
        headers={name: str(value) for name, value in message.items()},
        locale=message["Content-Language"],
    )


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None, "every mail is text and HTML"
    content: str = part.get_content()
    return content
