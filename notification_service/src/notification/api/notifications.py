"""Routes: what became of the mails."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from notification.schemas import NotificationDetails, NotificationPage, NotificationQuery
from notification.service.show import PERMISSION, find, show
from service_kit.auth import Caller, require
from service_kit.db import Database
from service_kit.http import NoQuery, NotFound

SignedIn = Annotated[Caller, Depends(require())]
_WHOSE = f"Everybody sees the mails to themselves; those to others are there only with `{PERMISSION}`."


def router(database: Database) -> APIRouter:
    """The routes below /notifications."""
    routes = APIRouter(prefix="/notifications", tags=["notifications"])
    routes.add_api_route(
        "",
        _list(database),
        response_model=NotificationPage,
        summary="Find mails",
        description=f"The newest first; all filters that are given hold together. {_WHOSE}",
    )
    routes.add_api_route(
        "/{notification_id}",
        _get(database),
        response_model=NotificationDetails,
        summary="One mail, with its attempts",
        description=f"What it says, and each handing over to the mail server. {_WHOSE}",
    )
    return routes


def _list(database: Database) -> Callable[..., object]:
    async def list_notifications(
        caller: SignedIn, query: Annotated[NotificationQuery, Query()]
    ) -> NotificationPage:
        async with database.read() as session:
            return await find(session, caller, query)

    return list_notifications


def _get(database: Database) -> Callable[..., object]:
    async def get_notification(
        caller: SignedIn, notification_id: UUID, _query: Annotated[NoQuery, Query()]
    ) -> NotificationDetails:
        async with database.read() as session:
            mail = await show(session, caller, notification_id)
        if mail is None:
            raise NotFound("notification")
        return mail

    return get_notification
