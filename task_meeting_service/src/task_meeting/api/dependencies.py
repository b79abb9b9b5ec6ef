"""What routes ask for."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request

from service_kit.auth import Caller, require
from service_kit.db import Database, ReadSession, WriteSession
from service_kit.http import NoQuery
from task_meeting.service.access import MANAGE, Access


async def _read_session(request: Request) -> AsyncIterator[ReadSession]:
    database: Database = request.app.state.database
    async with database.read() as session:
        yield session


async def _write_session(request: Request) -> AsyncIterator[WriteSession]:
    database: Database = request.app.state.database
    async with database.transaction() as session:
        yield session


# Given back before the answer is sent: a slow reader must not hold a connection, and what was written is
# committed before anybody is told so.
Session = Annotated[ReadSession, Depends(_read_session, scope="function")]
Writing = Annotated[WriteSession, Depends(_write_session, scope="function")]
NoParameters = Annotated[NoQuery, Query()]
# A task by its oid or, as S0's clients do, by its number.
TaskKey = Annotated[
    UUID | Annotated[int, Path(ge=1, le=2**63 - 1)],
    Path(description="The task's oid, or its number.", examples=["019aa5f0-3c1e-7b52-8f3d-6f1f0c7a9e44"]),
]


async def _reads_directory(caller: Annotated[Caller, Depends(require("directory.read"))]) -> Access:
    return Access(caller)


async def _reads_tasks(caller: Annotated[Caller, Depends(require("tasks.read"))]) -> Access:
    return Access(caller)


async def _writes_tasks(caller: Annotated[Caller, Depends(require("tasks.write"))]) -> Access:
    return Access(caller)


async def _manages_tasks(caller: Annotated[Caller, Depends(require(MANAGE))]) -> Access:
    return Access(caller)


async def _reads_meetings(caller: Annotated[Caller, Depends(require("meetings.read"))]) -> Access:
    return Access(caller)


async def _writes_meetings(caller: Annotated[Caller, Depends(require("meetings.write"))]) -> Access:
    return Access(caller)


# Who calls, with the permission that the route needs: 401 or 403 before anything else is looked at.
ReadsDirectory = Annotated[Access, Depends(_reads_directory)]
ReadsTasks = Annotated[Access, Depends(_reads_tasks)]
WritesTasks = Annotated[Access, Depends(_writes_tasks)]
ManagesTasks = Annotated[Access, Depends(_manages_tasks)]
ReadsMeetings = Annotated[Access, Depends(_reads_meetings)]
WritesMeetings = Annotated[Access, Depends(_writes_meetings)]
