"""Mails that other applications ask for."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from notification.api.dependencies import NoParameters, Now, Sends, Writing
from notification.schemas.requests import MailRequest, RequestedMail
from notification.service.request import request_mail
from service_kit.http.answers import ACCEPTED
from service_kit.http.idempotency import Answer, Once

router = APIRouter(prefix="/notify", tags=["notify"])


@router.post(
    "",
    summary="Ask for a mail",
    status_code=HTTPStatus.ACCEPTED,
    response_model=RequestedMail,
    responses=ACCEPTED,
)
async def notify(
    *,
    request: Request,
    session: Writing,
    caller: Sends,
    once: Once,
    now: Now,
    body: MailRequest,
    _query: NoParameters,
) -> Response:
    """Queue one mail to one person or address, by one of the templates that may be asked for.

    What people chose and unsubscribed from holds for these mails, too. Without an Idempotency-Key each
    request is a mail. `{order_id, channel}` is what order services send: it goes to whoever asks.
    """

    async def work() -> Answer:
        domain = request.app.state.mail_domain
        mail = await request_mail(session, caller, body, now=now, domain=domain)
        return Answer(HTTPStatus.ACCEPTED, mail, {"Location": f"/notifications/{mail.id}"})

    return await once.run(session, caller.oid, work)
