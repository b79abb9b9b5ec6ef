"""Use case: an authorized client asks for a mail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from notification.errors import UndeliverableError
from notification.events import Recipient
from notification.kinds import Kind
from notification.mail.clean import clean_name, parse_address, safe_link, spellings
from notification.queries import mails, recipients
from notification.schemas.requests import (
    MailRequest,
    MessageData,
    MessageRequest,
    OrderData,
    OrderNotice,
    RequestedMail,
)
from notification.service.intents import News, intents_of
from notification.service.subjects.request import Request
from notification.states import Source, State
from service_kit.auth import Caller
from service_kit.db import WriteSession
from service_kit.http import InvalidValueError

# An arbitrary constant: an address of nobody known has the same oid each time, and so the same preferences.
_NAMESPACE = UUID("2f7c1b0a-6d1e-4b3a-8a54-0f5d9e6c7a10")
_SERVICE = "service"
_PLACE = ("body", "recipient")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A mail in the terms of the rules."""

    event: str
    subject: str
    payload: dict[str, Any]


async def request_mail(
    session: WriteSession, caller: Caller, body: MailRequest, *, now: datetime, domain: str
) -> RequestedMail:
    """Queue the mail.

    Args:
        session: the caller's transaction.
        caller: who asks, and who gets it when nobody is named.
        body: what is asked for.
        now: the present moment.
        domain: of Message-IDs.

    Raises:
        InvalidValueError: nobody is meant, nobody has that oid, or it is no address; the link is none, or of
            some words nothing can be seen.
    """
    wanted = _wanted(body, uuid4())
    person = await _recipient(session, caller, body.recipient)
    news = News(
        type=wanted.event,
        source=Source.REQUESTS,
        subject=wanted.subject,
        epoch=0,
        lsn=await mails.next_request(session),
        committed_at=now,
        data=Request([person], wanted.payload),
    )
    (intent,) = intents_of(news)
    await mails.insert(session, [intent], now=now, domain=domain)
    return RequestedMail(id=intent.id, template=intent.kind, state=State.QUEUED, created_at=now)


def _wanted(body: MailRequest, request: UUID) -> _Wanted:
    if not isinstance(body, OrderNotice):
        _check_words(body.data)
    if isinstance(body, MessageRequest):
        if body.data.link is not None and safe_link(body.data.link) is None:
            raise InvalidValueError(("body", "data", "link"), "Not a link that may be clicked in a mail")
        payload = {"message": body.data.model_dump(mode="json")}
        return _Wanted(f"notify.{Kind.MESSAGE}", f"request:{request}", payload)
    order = OrderData(order_id=body.order_id) if isinstance(body, OrderNotice) else body.data
    payload = {"order": order.model_dump(mode="json")}
    return _Wanted(f"notify.{Kind.ORDER}", f"order:{order.order_id}", payload)


def _check_words(data: MessageData | OrderData) -> None:
    """Zero-width and other invisible characters are left out of mails: something must be left."""
    for name, value in data:
        if isinstance(value, str) and not clean_name(value):
            raise InvalidValueError(("body", "data", name), "Nothing of it can be seen")


async def _recipient(session: WriteSession, caller: Caller, named: str | None) -> Recipient:
    if named is not None:
        oid = _oid(named)
        return await _addressee(session, named) if oid is None else await _person(session, oid)
    if caller.role == _SERVICE:
        raise InvalidValueError(_PLACE, "An application gets no mails: name a `recipient`")
    return await _person(session, caller.oid)


async def _person(session: WriteSession, oid: UUID) -> Recipient:
    known = await recipients.by_oid(session, oid)
    if known is None:
        raise InvalidValueError(_PLACE, "Nobody with this oid is known")
    return Recipient(**known)


async def _addressee(session: WriteSession, address: str) -> Recipient:
    """Whoever has the address; if that is nobody, somebody without a name."""
    try:
        valid = str(parse_address(address))
    except UndeliverableError:
        raise InvalidValueError(_PLACE, "Neither an oid nor an e-mail address") from None
    known = await recipients.by_email(session, spellings(address))
    if known is None:
        return Recipient(oid=uuid5(_NAMESPACE, valid.lower()), email=valid)
    return Recipient(**known)


def _oid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
