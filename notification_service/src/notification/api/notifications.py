"""Routes: what became of the mails."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from notification.schemas import NotificationDetails, NotificationPage, NotificationQuery
from notification.service.show import find, show
from service_kit.db import Database
from service_kit.http import NoQuery, NotFound


def router(database: Database) -> APIRouter:
    """The routes below /notifications."""
    routes = APIRouter(prefix="/notifications", tags=["notifications"])
    routes.add_api_route("", _list(database), response_model=NotificationPage, summary="Find mails")
    routes.add_api_route(
        "/{notification_id}",
        _get(database),
        response_model=NotificationDetails,
        summary="One mail, with its attempts",
    )
    return routes


def _list(database: Database) -> Callable[..., object]:
    async def list_notifications(query: Annotated[NotificationQuery, Query()]) -> NotificationPage:
        async with database.read() as session:
            return await find(session, query)

    return list_notifications


def _get(database: Database) -> Callable[..., object]:
    async def get_notification(
        notification_id: UUID, _query: Annotated[NoQuery, Query()]
    ) -> NotificationDetails:
        async with database.read() as session:
            mail = await show(session, notification_id)
        if mail is None:
            raise NotFound("notification")
        return mail

    return get_notification
