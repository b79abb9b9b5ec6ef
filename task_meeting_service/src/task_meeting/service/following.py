"""Following the assignments: each batch of changes becomes rows of the four tables.

Tables are written in one order and keys in theirs, so that two consumers cannot deadlock.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET
from sqlalchemy import Table

from service_kit.cdc import FIRST_EPOCH, utc_from_ms
from service_kit.db import WriteSession
from service_kit.projection import sweep_unseen, touch_seen, upsert_newer
from task_meeting.events import AssignmentChange
from task_meeting.models import Assignment, Base, Person, Project, Team
from task_meeting.queries import membership
from task_meeting.queries.eligible import Place
from task_meeting.service import leaving
from task_meeting.service.meetings import following as meetings

Row = dict[str, Any]


async def follow(session: WriteSession, changes: Sequence[AssignmentChange]) -> None:
    """Apply changes of assignments; one that is not newer than what is known changes nothing."""
    before = await _list_before(session, changes)
    now = datetime.now(UTC)
    assignments = (_assignment(change, now) for change in changes)
    written = await upsert_newer(session, _table(Assignment), assignments, key="id")
    await touch_seen(session, _table(Assignment), _seen(changes), key="id")
    # A deleted row's copies may be older than a rename that was under way: only living rows tell names.
    living = [change for change in changes if not change.deleted]
    await upsert_newer(session, _table(Person), map(_person, living), key="oid")
    await upsert_newer(session, _table(Project), map(_project, living), key="oid")
    in_teams = (change for change in living if change.row.team_oid is not None)
    await upsert_newer(session, _table(Team), map(_team, in_teams), key="oid")
    leavers = leaving.list_leavers(changes, before)
    await leaving.give_up_tasks(session, leavers)
    moves = meetings.list_moves([change for change in changes if change.row.id in written], before)
    await meetings.follow(session, moves, leavers)


async def sweep(session: WriteSession, boundaries: Mapping[int, int]) -> int:
    """End the assignments that a finished snapshot did not contain.

    Args:
        session: the caller's transaction.
        boundaries: partition → the offset from which on the snapshot and what followed it lie.

    Returns:
        How many were ended.
    """
    swept = await sweep_unseen(session, _table(Assignment), boundaries, key="id")
    ended = await membership.list_ended(session, swept) if swept else {}
    leavers = {leaving.leaver(place) for place in ended.values()}
    await leaving.give_up_tasks(session, leavers)
    await meetings.follow(session, meetings.Moves(ended), leavers)
    return len(swept)


async def _list_before(session: WriteSession, changes: Sequence[AssignmentChange]) -> dict[int, Place]:
    """Where the assignments are that changes are about to be applied to. New rows cost no query."""
    known = {change.row.id for change in changes if not _is_new(change)}
    return await membership.list_active(session, known) if known else {}


def _is_new(change: AssignmentChange) -> bool:
    """Whether the row cannot have been there: in a later epoch, an id may have come again."""
    return change.row.op == "c" and change.epoch == FIRST_EPOCH


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]


def _seen(changes: Iterable[AssignmentChange]) -> list[Row]:
    """Where each snapshot row was seen last."""
    return list({change.row.id: _place(change) for change in changes if change.is_snapshot}.values())


def _place(change: AssignmentChange) -> Row:
    return {
        "id": change.row.id,
        "kafka_partition": change.message.partition,
        "kafka_offset": change.message.offset,
    }


def _version(change: AssignmentChange) -> Row:
    return {"epoch": change.epoch, "lsn": change.row.version_lsn}


def _present(**columns: Any) -> Row:
    """The columns that the message had; one that is missing keeps its value in the table."""
    return {name: value for name, value in columns.items() if value is not UNSET}


def _assignment(change: AssignmentChange, now: datetime) -> Row:
    row = change.row
    return {
        **_version(change),
        **_place(change),
        "deleted": change.deleted,
        "project_id": row.project_id,
        "team_id": row.team_id,
        "user_id": row.user_id,
        "project_name": row.project_name,
        "team_name": row.team_name,
        "user_oid": row.user_oid,
        "user_email": row.user_email,
        "user_name": row.user_name,
        "user_role": row.user_role,
        "project_oid": row.project_oid,
        "team_oid": row.team_oid,
        "committed_at": change.committed_at,
        "captured_at": change.captured_at,
        "published_at": utc_from_ms(change.message.timestamp_ms),
        "applied_at": now,
        **_present(
            application_url=row.application_url,
            user_locale=row.user_locale,
            user_time_zone=row.user_time_zone,
            created_at=row.created_at,
        ),
    }


def _person(change: AssignmentChange) -> Row:
    row = change.row
    return {
        **_version(change),
        "oid": row.user_oid,
        "deleted": False,
        "user_id": row.user_id,
        "name": row.user_name,
        "email": row.user_email,
        "role": row.user_role,
        **_present(locale=row.user_locale, time_zone=row.user_time_zone),
    }


def _project(change: AssignmentChange) -> Row:
    row = change.row
    return {
        **_version(change),
        "oid": row.project_oid,
        "deleted": False,
        "project_id": row.project_id,
        "name": row.project_name,
    }


def _team(change: AssignmentChange) -> Row:
    row = change.row
    return {
        **_version(change),
        "oid": row.team_oid,
        "deleted": False,
        "team_id": row.team_id,
        "name": row.team_name,
        "project_oid": row.project_oid,
    }
