"""The links of mails: whoever has the mail may say "no more of these" (RFC 8058), and take it back."""

from email import message_from_bytes
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import HTMLResponse

from notification.api.dependencies import NoParameters, Now, Session, Writing
from notification.api.pages import page
from notification.mail.kinds import about
from notification.mail.unsubscribe import LINKS, Links, UnsubscribeTokenError, Unsubscription
from notification.service import preferences
from service_kit.db import ReadSession
from service_kit.http import InvalidValueError, NotFound, Problem
from service_kit.http.answers import Answers, problems

FIELD = "List-Unsubscribe"
OFF, ON = "One-Click", "Undo"
_MAX_BODY = 10_000
_FORM = "application/x-www-form-urlencoded"

_PAGE: Answers = {
    200: {
        "description": "A page in the person's language.",
        "content": {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>…"}},
    }
}
_ANSWERS: Answers = _PAGE | problems(404, 429)
_FIELDS = {
    "type": "object",
    "properties": {FIELD: {"enum": [OFF, ON]}},
    "required": [FIELD],
    "example": {FIELD: OFF},
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": _FIELDS} for kind in ("multipart/form-data", _FORM)},
    }
}

router = APIRouter(prefix=LINKS.rstrip("/"), tags=["unsubscribe"])

Token = Annotated[
    str,
    Path(
        description="Who, and which kinds; signed.",
        examples=["WyIwMTk5ZjBjMjAwMDA3MDAwODAwMDAwMDAwMDAwMDAwMSIsImFzc2lnbmVkIl0.3hRk…"],
    ),
]


async def _read_form(request: Request) -> str:
    """What the form asks for: it comes from our page, or from a mail program (RFC 8058, section 3.2)."""
    body = await request.body()
    if len(body) > _MAX_BODY:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is over {_MAX_BODY} bytes.")
    asked = _field(request.headers.get("content-type", ""), body)
    if asked not in {OFF, ON}:
        raise InvalidValueError(("body", FIELD), f"Must be {OFF} or {ON}")
    return asked


Asked = Annotated[str, Depends(_read_form)]


@router.head(
    "/{token}",
    summary="Ask whether a link is good",
    response_class=Response,
    responses=_ANSWERS,
    description="As GET, without the page.",
)
@router.get("/{token}", summary="Show what a link switches off", response_class=Response, responses=_ANSWERS)
async def show(request: Request, session: Session, token: Token, _query: NoParameters) -> Response:
    """A page with a button. It changes nothing: programs that check links in mails follow them too."""
    return await _page(session, _read(request, token))


@router.post(
    "/{token}",
    summary="Switch kinds of mails off by a link",
    response_class=Response,
    responses=_ANSWERS,
    openapi_extra=_BODY,
)
async def switch(
    *, request: Request, session: Writing, token: Token, asked: Asked, now: Now, _query: NoParameters
) -> Response:
    """No more mails of these kinds come to the person, or, with `Undo`, they come again, each immediately.

    It needs no access token, as the link is signed (RFC 8058). Once more, it changes nothing more.
    """
    who = _read(request, token)
    await preferences.switch(session, who, now, off=asked == OFF)
    return await _page(session, who)


def _read(request: Request, token: str) -> Unsubscription:
    links: Links = request.app.state.links
    try:
        return links.read(token)
    except UnsubscribeTokenError:
        raise NotFound("link") from None


async def _page(session: ReadSession, who: Unsubscription) -> HTMLResponse:
    locale = await preferences.language_of(session, who.user_oid)
    off = await preferences.are_off(session, who)
    kinds = [about(kind, locale) for kind in who.kinds]
    return page("unsubscribe.html", locale, kinds=kinds, off=off, value=ON if off else OFF)


def _field(content_type: str, body: bytes) -> str | None:
    """The form's one field, of the two ways in which forms are written."""
    if content_type.partition(";")[0].strip().lower() == _FORM:
        values = parse_qs(body.decode("ascii", "replace")).get(FIELD, [])
    else:
        values = _parts(content_type, body)
    return values[0] if len(values) == 1 else None


def _parts(content_type: str, body: bytes) -> list[Any]:
    """The values of the field in multipart/form-data (RFC 7578)."""
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    if message.get_content_type() != "multipart/form-data":
        return []
    named = (part for part in message.walk() if not part.is_multipart())
    return [
        part.get_payload() for part in named if part.get_param("name", header="content-disposition") == FIELD
    ]
