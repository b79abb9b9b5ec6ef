"""What routes ask for."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Query, Request

from service_kit.db import Database, ReadSession
from service_kit.http import NoQuery


async def _read_session(request: Request) -> AsyncIterator[ReadSession]:
    database: Database = request.app.state.database
    async with database.read() as session:
        yield session


# Given back before the answer is sent: a slow reader must not hold a connection.
Session = Annotated[ReadSession, Depends(_read_session, scope="function")]
NoParameters = Annotated[NoQuery, Query()]
