"""How a change came here, step by step."""

from typing import Annotated

from fastapi import APIRouter, Path

from task_meeting.api.dependencies import NoParameters, ReadsDirectory, Session
from task_meeting.schemas import directory as schemas
from task_meeting.service import directory

router = APIRouter(prefix="/trace", tags=["trace"])


@router.get("/{assignment_id}/", summary="Trace an assignment's way here")
async def get_trace(
    session: Session,
    access: ReadsDirectory,
    assignment_id: Annotated[int, Path(ge=1, le=2**63 - 1, examples=[1])],
    _query: NoParameters,
) -> schemas.Trace:
    """When an assignment's present state, be it its end, was committed, captured, published, applied."""
    return await directory.assignment_trace(session, assignment_id, access.seen_by)
