"""What became of the mails."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from notification.api.dependencies import Manages, NoParameters, Now, Session, SignedIn, Writing
from notification.schemas.notifications import (
    NotificationDetails,
    NotificationOut,
    NotificationPage,
    NotificationQuery,
)
from notification.service import show
from notification.service.resend import resend
from service_kit.http.answers import ACCEPTED, problem
from service_kit.http.idempotency import Answer, Once

router = APIRouter(prefix="/notifications", tags=["notifications"])
_WHOSE = f"Everybody sees the mails to themselves; those to others are there only with `{show.PERMISSION}`."
_CONFLICT = problem(
    409,
    "It is on its way; a digest brings it (`digest_id`); its address gets no mail (`address`); or a request"
    " with this Idempotency-Key is under way.",
    "It is on its way already.",
)


@router.get(
    "",
    summary="Find mails",
    description=f"The newest first; all filters that are given hold together. {_WHOSE}",
)
async def list_notifications(
    session: Session, caller: SignedIn, query: Annotated[NotificationQuery, Query()]
) -> NotificationPage:
    return await show.find(session, caller, query)


@router.get(
    "/{notification_id}",
    summary="One mail, with its attempts",
    description=f"What it says, and each handing over to the mail server. {_WHOSE}",
)
async def get_notification(
    session: Session, caller: SignedIn, notification_id: UUID, _query: NoParameters
) -> NotificationDetails:
    return await show.show(session, caller, notification_id)


@router.post(
    "/{notification_id}/resend",
    summary="Send a mail again",
    status_code=HTTPStatus.ACCEPTED,
    response_model=NotificationOut,
    responses=ACCEPTED | _CONFLICT,
)
async def resend_notification(
    *,
    session: Writing,
    caller: Manages,
    once: Once,
    now: Now,
    notification_id: UUID,
    _query: NoParameters,
) -> Response:
    """Let a mail go once more, at once, whatever its reader chose; what is not true any more does not go.

    One that the server has accepted goes with a new Message-ID; one that it has not, with its own. One that
    waits for another attempt is due now.
    """

    async def work() -> Answer:
        mail = await resend(session, caller, notification_id, now=now)
        return Answer(HTTPStatus.ACCEPTED, mail, {"Location": f"/notifications/{mail.id}"})

    return await once.run(session, caller.oid, work)
