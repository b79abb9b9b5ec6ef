"""Mails as their readers see them."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse

from notification.api.dependencies import NoParameters, Now, Session, SignedIn
from notification.schemas.notifications import Preview
from notification.service.preview import preview
from service_kit.http.accept import choose
from service_kit.http.answers import Answers, problem

router = APIRouter(prefix="/notifications", tags=["notifications"])
_HTML, _TEXT = "text/html", "text/plain"
_FORMS = ("application/json", _HTML, _TEXT)
# A page of its own: nothing in it runs, nothing is loaded, and it is nobody's origin.
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"


def _written(example: str) -> dict[str, Any]:
    return {"schema": {"type": "string"}, "example": example}


_ANSWERS: Answers = {
    200: {
        "content": {
            _HTML: _written('<!doctype html><html lang="en">…</html>'),
            _TEXT: _written("Hello, Ann! …"),
        }
    },
    **problem(
        409,
        "It cannot be sent: its person has no valid address, or only a newer release has words for it.",
        "It cannot be sent: the person's e-mail address is not valid.",
    ),
}


@router.get(
    "/{notification_id}/preview",
    summary="Show a mail as it looks",
    response_model=Preview,
    responses=_ANSWERS,
)
async def preview_notification(
    *,
    request: Request,
    session: Session,
    caller: SignedIn,
    now: Now,
    notification_id: UUID,
    _query: NoParameters,
) -> Response:
    """What would be sent now: of a mail that was sent, the same words in today's design and language.

    `Accept: text/html` gives the page, `text/plain` the text, anything else both with all headers. Links to
    unsubscribe are only shown: they unsubscribe nobody. One sees what one sees of `GET /notifications/{id}`.
    """
    shown = await preview(session, caller, notification_id, composer=request.app.state.previewer, now=now)
    answer = _answer(shown, choose(request.headers.get("accept"), _FORMS))
    answer.headers["Vary"] = "Accept"
    return answer


def _answer(shown: Preview, form: str) -> Response:
    headers = {"Content-Language": shown.locale}
    if form == _HTML:
        return HTMLResponse(shown.html, headers={**headers, "Content-Security-Policy": _SANDBOX})
    if form == _TEXT:
        return PlainTextResponse(shown.text, headers=headers)
    return Response(shown.model_dump_json(), media_type=form)
