"""Lists of meetings: only of those that are seen, a page at a time."""

from service_kit.db import ReadSession
from service_kit.http.cursor import decode_cursor, encode_cursor
from task_meeting.queries.meeting_lists import Viewer, find_meetings
from task_meeting.schemas.meeting_lists import MeetingPage, MeetingQuery
from task_meeting.service.access import Access
from task_meeting.service.meetings.showing import show_many


async def list_meetings(session: ReadSession, access: Access, query: MeetingQuery) -> MeetingPage:
    """A page of the meetings that match. Raises `CursorError`."""
    before = None
    if query.cursor is not None:
        (before,) = decode_cursor(query.cursor, query.filters, tuple[int])
    viewer = Viewer(access.oid, await access.projects(session))
    found = await find_meetings(session, query, viewer, before=before, limit=query.size + 1)
    shown = found.meetings[: query.size]
    more = len(found.meetings) > query.size
    return MeetingPage(
        meetings=await show_many(session, shown),
        total=found.total,
        total_is_exact=found.exact,
        size=query.size,
        next_cursor=encode_cursor((shown[-1].id,), query.filters) if more else None,
    )
