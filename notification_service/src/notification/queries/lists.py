"""Lists of mails, the newest first, fast however many there are.

Each is walked along an index that has its order: a person's, that of all or, for a state or a kind, that of
each standing by itself, in a few short walks. The indexes hold what filters look at, so that only those of
the page are read. What is about one subject is collected and sorted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Text,
    Uuid,
    any_,
    column,
    func,
    literal,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from notification.models import Notification
from notification.schemas.notifications import COUNTED, NotificationFilters
from notification.states import Reason, State
from service_kit.db import ReadSession

# When a mail was written, and its id.
Key = tuple[datetime, UUID]
_Rows = Select[*tuple[Any, ...]]
# A plan for these values, and no time for compiling it.
_PLAN = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)"
)
# A state, or instead of "suppressed" the reason: one index knows both.
_STANDING = func.coalesce(Notification.reason, Notification.state)


@dataclass(frozen=True, slots=True)
class Found:
    """A part of what matches; `total` is counted to `COUNTED`, and `exact` if there is no more."""

    total: int
    exact: bool
    mails: list[Notification]


async def find_mails(
    session: ReadSession,
    filters: NotificationFilters,
    *,
    user_oid: UUID | None,
    after: Key | None,
    limit: int,
    offset: int,
) -> Found:
    """How many mails match, and some of them, the newest first.

    Args:
        session: a transaction.
        filters: what is asked for.
        user_oid: whose mails may be shown; None for everybody's.
        after: the key of the last one that was shown.
        limit: how many to give at most.
        offset: how many of those that match to leave out before.
    """
    await session.execute(_PLAN)
    counted = select(_matching(filters, user_oid, None, reach=COUNTED + 1)).limit(COUNTED + 1).subquery()
    total = (await session.execute(select(func.count()).select_from(counted))).scalar_one()
    rows = _matching(filters, user_oid, after, reach=limit + offset)
    page = _ordered(select(rows.c.id), rows.c).limit(limit).offset(offset)
    found = await _load(session, (await session.scalars(page)).all())
    return Found(min(total, COUNTED), exact=total <= COUNTED, mails=found)


async def members_of(session: ReadSession, digest_id: UUID) -> Sequence[UUID]:
    """The mails that a digest brings, the oldest first."""
    members = select(Notification.id).where(Notification.digest_id == digest_id)
    return (await session.scalars(members.order_by(Notification.created_at, Notification.id))).all()


async def _load(session: ReadSession, ids: Sequence[UUID]) -> list[Notification]:
    """The mails, in the order of the ids."""
    mails = await session.scalars(select(Notification).where(Notification.id == any_(_array(ids, Uuid()))))
    by_id = {mail.id: mail for mail in mails}
    return [by_id[mail_id] for mail_id in ids]


def _matching(
    filters: NotificationFilters, user_oid: UUID | None, after: Key | None, *, reach: int
) -> FromClause:
    """What matches and comes after a key; of more than `reach` rows, the first so many are among them."""
    rows = select(Notification.id, Notification.created_at).where(
        *_person(filters, user_oid), *_time(filters, after)
    )
    if filters.subjects:
        about = [Notification.subject == subject for subject in filters.subjects]
        return rows.where(*about, *_sort(filters)).cte("about").prefix_with("MATERIALIZED")
    if user_oid or filters.recipient or not _sort(filters):
        return _ordered(rows.where(*_sort(filters)), Notification).limit(reach).subquery()
    return _each_standing(rows, filters, reach)


def _each_standing(rows: _Rows, filters: NotificationFilters, reach: int) -> FromClause:
    words = _array(_standings(filters), Text())
    standings = func.unnest(words).table_valued(column("standing", Text)).render_derived()
    theirs = rows.where(standings.c.standing == _STANDING, *_kind(filters))
    nearest = _ordered(theirs, Notification).limit(reach).lateral()
    return select(nearest).select_from(standings.join(nearest, true())).subquery()


def _person(filters: NotificationFilters, user_oid: UUID | None) -> list[ColumnElement[bool]]:
    given: list[tuple[object, ColumnElement[bool]]] = [
        (user_oid, Notification.user_oid == user_oid),
        (filters.recipient, func.lower(Notification.recipient) == (filters.recipient or "").lower()),
    ]
    return [condition for wanted, condition in given if wanted]


def _time(filters: NotificationFilters, after: Key | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.since is not None:
        conditions.append(Notification.created_at >= filters.since)
    if after is not None:
        here = tuple_(Notification.created_at, Notification.id)
        there = tuple_(literal(after[0], DateTime(timezone=True)), literal(after[1], Uuid()))
        conditions.append(here < there)
    return conditions


def _sort(filters: NotificationFilters) -> list[ColumnElement[bool]]:
    """The state, the reason and the kind, if they are asked for, as a row tells."""
    stated = filters.state is not None or filters.reason is not None
    return [*([_STANDING.in_(_standings(filters))] if stated else []), *_kind(filters)]


def _kind(filters: NotificationFilters) -> list[ColumnElement[bool]]:
    return [] if filters.kind is None else [Notification.kind == filters.kind]


def _standings(filters: NotificationFilters) -> list[str]:
    """All that a mail's standing may be."""
    if filters.reason is not None:
        return [filters.reason] if filters.state in {None, State.SUPPRESSED} else []
    states = [*State] if filters.state is None else [filters.state]
    words: dict[State, list[str]] = {State.SUPPRESSED: [*Reason]}
    return [word for state in states for word in words.get(state, [state])]


def _ordered(rows: _Rows, columns: Any) -> _Rows:
    return rows.order_by(columns.created_at.desc(), columns.id.desc())


def _array(values: Sequence[Any], kind: Any) -> ColumnElement[Any]:
    return literal(list(values), ARRAY(kind))
