"""What became of the mails."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from notification.api.dependencies import NoParameters, Session, SignedIn
from notification.schemas.notifications import NotificationDetails, NotificationPage, NotificationQuery
from notification.service import show

router = APIRouter(prefix="/notifications", tags=["notifications"])
_WHOSE = f"Everybody sees the mails to themselves; those to others are there only with `{show.PERMISSION}`."


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
