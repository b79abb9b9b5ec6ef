"""Which mails a change of an assignment calls for. Pure: no database, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import RowMapping

from notification.states import Kind

Row = Mapping[str, Any] | RowMapping

# An arbitrary constant: it makes the same change have the same mail, and so the same Message-ID.
_NAMESPACE = UUID("6f9d2a0e-3c55-4a35-9a0b-0f6a6e1c7d21")
_SHOWN = ("project_name", "team_name", "application_url")
_NAMES = ("project_name", "team_name")
_PLACE = ("project_id", "team_id", "application_url")


@dataclass(frozen=True, slots=True)
class Intent:
    """One mail to be written about one change.

    `payload` holds all that the mail says: the person's name and zone, and the assignment `before`
    and `after` the change (None where there was or is none).
    """

    kind: Kind
    assignment_id: int
    user_oid: UUID
    epoch: int
    lsn: int
    committed_at: datetime
    recipient: str
    locale: str | None
    payload: dict[str, Any]

    @property
    def id(self) -> UUID:
        """The same for the same change, kind and person, wherever and whenever it is computed."""
        return uuid5(_NAMESPACE, f"{self.assignment_id}:{self.epoch}:{self.lsn}:{self.kind}:{self.user_oid}")


def plan_mails(
    op: str, before: Row | None, after: Row, committed_at: datetime, *, notify_renames: bool = False
) -> list[Intent]:
    """What to tell whom about a change that is newer than everything known.

    Args:
        op: `c`, `u`, `d` or `r` (a snapshot's row: a state, no news).
        before: the living row before the change, or None.
        after: the row after it; for a delete, the row as it was.
        committed_at: when the source committed the change.
        notify_renames: also tell that the project or the team has a new name.
    """
    if op == "c":
        return [_intent(Kind.ASSIGNED, committed_at, None, after)]
    if op == "d":
        return [_intent(Kind.REMOVED, committed_at, after, None)]
    # An update of an unknown row cannot say what changed: its history is older than the topic's.
    if op == "r" or before is None:
        return []
    if before["user_oid"] != after["user_oid"]:
        handed_over = {**before, "epoch": after["epoch"], "lsn": after["lsn"]}
        return [
            _intent(Kind.REMOVED, committed_at, handed_over, None),
            _intent(Kind.ASSIGNED, committed_at, None, after),
        ]
    kind = _kind_of_change(before, after, notify_renames=notify_renames)
    return [] if kind is None else [_intent(kind, committed_at, before, after)]


def _kind_of_change(before: Row, after: Row, *, notify_renames: bool) -> Kind | None:
    if _differ(before, after, _PLACE):
        return Kind.CHANGED
    if notify_renames and _differ(before, after, _NAMES):
        return Kind.RENAMED
    return None


def _differ(before: Row, after: Row, columns: tuple[str, ...]) -> bool:
    # The source writes an absent link as null or as an empty string: to the reader it is the same.
    return any((before[column] or None) != (after[column] or None) for column in columns)


def _intent(kind: Kind, committed_at: datetime, before: Row | None, after: Row | None) -> Intent:
    news = after or before
    assert news is not None, "a mail is about an assignment that is or was"
    return Intent(
        kind=kind,
        assignment_id=news["id"],
        user_oid=news["user_oid"],
        epoch=news["epoch"],
        lsn=news["lsn"],
        committed_at=committed_at,
        recipient=news["user_email"],
        locale=news["user_locale"],
        payload={
            "person": {"name": news["user_name"], "time_zone": news["user_time_zone"]},
            "before": _shown(before),
            "after": _shown(after),
        },
    )


def _shown(row: Row | None) -> dict[str, Any] | None:
    return None if row is None else {column: row[column] for column in _SHOWN}
