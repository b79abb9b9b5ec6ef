"""Lists of meetings, the newest first, and which meetings somebody sees.

What matches is collected by whatever index finds it, up to a bound. If that is all, it is sorted; if there
is more, the page is met soon by walking from the newest on (as in `task_lists`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, func, literal, select, text, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Uuid

from service_kit.db import ReadSession
from task_meeting.models import Assignment, Meeting, MeetingOccurrence, MeetingPerson, MeetingTeam
from task_meeting.schemas.meeting_lists import MeetingFilters
from task_meeting.schemas.task_lists import FEW

# Nothing takes longer, so that the index of beginnings finds what goes on at a time.
LONGEST = timedelta(days=15)
# A plan for these values, and no time for compiling it.
_PLAN = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)"
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. They see what they are asked to, and what is of these projects; for None, everything."""

    oid: UUID
    projects: Sequence[UUID] | None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what matches; `total` is counted to `FEW`, and `exact` if there is no more."""

    total: int
    exact: bool
    meetings: list[Meeting]


async def find_meetings(
    session: ReadSession, filters: MeetingFilters, viewer: Viewer, *, before: int | None, limit: int
) -> Found:
    """How many meetings match, and the next of them after the one with the id `before`."""
    await session.execute(_PLAN)
    matching = select(Meeting.id).where(*_conditions(filters, viewer))
    collected = matching.limit(FEW + 1).cte("found").prefix_with("MATERIALIZED")
    ids = sorted((await session.scalars(select(collected.c.id))).all(), reverse=True)
    total, exact = min(len(ids), FEW), len(ids) <= FEW
    if exact:
        page = [it for it in ids if before is None or it < before][:limit]
    else:
        rest = matching if before is None else matching.where(Meeting.id < before)
        page = [*await session.scalars(rest.order_by(Meeting.id.desc()).limit(limit))]
    return Found(total, exact, await _load(session, page))


async def list_seen(
    session: ReadSession, viewer: Viewer, meeting_ids: Collection[int]
) -> dict[int, tuple[UUID, str]]:
    """The oids and titles of those of the meetings that are seen."""
    wanted = Meeting.id == any_(literal(list(meeting_ids), ARRAY(BigInteger)))
    statement = select(Meeting.id, Meeting.oid, Meeting.title).where(wanted, *_seen(viewer))
    return {number: (oid, title) for number, oid, title in await session.execute(statement)}


async def _load(session: ReadSession, ids: Sequence[int]) -> list[Meeting]:
    """The meetings, the newest first, as the ids are."""
    loaded = select(Meeting).where(Meeting.id == any_(literal(ids, ARRAY(BigInteger))))
    return list((await session.scalars(loaded.order_by(Meeting.id.desc()))).all())


def _conditions(filters: MeetingFilters, viewer: Viewer) -> list[ColumnElement[bool]]:
    given: list[tuple[object, ColumnElement[bool]]] = [
        (filters.project_oid, Meeting.project_oid == filters.project_oid),
        (filters.team_oid, Meeting.id.in_(_asked(filters.team_oid))),
        (filters.user_oid, Meeting.id.in_(_attended(filters.user_oid))),
        (filters.mine, Meeting.id.in_(_attended(viewer.oid))),
        (filters.status, Meeting.status == filters.status),
        (filters.begin or filters.end, Meeting.id.in_(_taking_place(filters))),
        (filters.search, Meeting.search.op("@@", is_comparison=True)(func.search_query(filters.search))),
    ]
    seen_anyhow = filters.mine or (filters.project_oid in (viewer.projects or ()))
    return [condition for wanted, condition in given if wanted] + ([] if seen_anyhow else _seen(viewer))


def _seen(viewer: Viewer) -> list[ColumnElement[bool]]:
    if viewer.projects is None:
        return []
    of_projects = select(Meeting.id).where(Meeting.project_oid == any_(literal(viewer.projects, ARRAY(Uuid))))
    return [Meeting.id.in_(union(of_projects, *_ways(viewer.oid)))]


def _attended(user_oid: UUID | None) -> Select[int]:
    """The meetings to which somebody is asked at present, or which they organize."""
    return select(union(*_ways(user_oid)).subquery().c.id)


def _ways(user_oid: UUID | None) -> list[Select[int]]:
    teams = select(Assignment.team_oid).where(Assignment.user_oid == user_oid, ~Assignment.deleted)
    return [
        select(Meeting.id).where(Meeting.organizer_oid == user_oid),
        select(MeetingPerson.meeting_id).where(MeetingPerson.user_oid == user_oid),
        select(MeetingTeam.meeting_id).where(MeetingTeam.team_oid.in_(teams)),
    ]


def _asked(team_oid: UUID | None) -> Select[int]:
    return select(MeetingTeam.meeting_id).where(MeetingTeam.team_oid == team_oid)


def _taking_place(filters: MeetingFilters) -> Select[int]:
    statement = select(MeetingOccurrence.meeting_id)
    if filters.begin is not None:
        statement = statement.where(
            MeetingOccurrence.ends_at > filters.begin, MeetingOccurrence.starts_at > filters.begin - LONGEST
        )
    if filters.end is not None:
        statement = statement.where(MeetingOccurrence.starts_at < filters.end)
    return statement
