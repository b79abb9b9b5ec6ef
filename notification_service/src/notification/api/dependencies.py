"""What routes ask for."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Request

from service_kit.auth import Caller, require
from service_kit.db import Database, ReadSession, WriteSession
from service_kit.http import NoQuery


async def _read_session(request: Request) -> AsyncIterator[ReadSession]:
    database: Database = request.app.state.database
    async with database.read() as session:
        yield session


async def _write_session(request: Request) -> AsyncIterator[WriteSession]:
    database: Database = request.app.state.database
    async with database.transaction() as session:
        yield session


def _now(request: Request) -> datetime:
    moment: datetime = request.app.state.clock.now()
    return moment


# Given back before the answer is sent: a slow reader must not hold a connection, and what was written is
# committed before anybody is told so.
Session = Annotated[ReadSession, Depends(_read_session, scope="function")]
Writing = Annotated[WriteSession, Depends(_write_session, scope="function")]
NoParameters = Annotated[NoQuery, Query()]
# The present moment, aware.
Now = Annotated[datetime, Depends(_now)]
# Who calls, with the permission that the route needs: 401 or 403 before anything else is looked at.
SignedIn = Annotated[Caller, Depends(require())]
Sends = Annotated[Caller, Depends(require("notifications.send"))]
Manages = Annotated[Caller, Depends(require("notifications.manage"))]
