"""What a change of an assignment is to the people in it. Pure: no database, no clock."""

from datetime import datetime

from notification.service.intents import Intent, News, intents_of
from notification.service.rules import AssignmentNews, Row
from notification.states import Source

_NAMES = ("project_name", "team_name")
_PLACE = ("project_id", "team_id", "application_url")


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
        return _tell("assignment.begun", committed_at, None, after)
    if op == "d":
        return _tell("assignment.ended", committed_at, after, None)
    # An update of an unknown row cannot say what changed: its history is older than the topic's.
    if op == "r" or before is None:
        return []
    if before["user_oid"] != after["user_oid"]:
        handed_over = {**before, "epoch": after["epoch"], "lsn": after["lsn"]}
        return [
            *_tell("assignment.ended", committed_at, handed_over, None),
            *_tell("assignment.begun", committed_at, None, after),
        ]
    what = _what_changed(before, after, notify_renames=notify_renames)
    return [] if what is None else _tell(what, committed_at, before, after)


def _what_changed(before: Row, after: Row, *, notify_renames: bool) -> str | None:
    if _differ(before, after, _PLACE):
        return "assignment.moved"
    if notify_renames and _differ(before, after, _NAMES):
        return "assignment.renamed"
    return None


def _differ(before: Row, after: Row, columns: tuple[str, ...]) -> bool:
    # The source writes an absent link as null or as an empty string: to the reader it is the same.
    return any((before[column] or None) != (after[column] or None) for column in columns)


def _tell(what: str, committed_at: datetime, before: Row | None, after: Row | None) -> list[Intent]:
    data = AssignmentNews(before, after)
    news = News(
        type=what,
        source=Source.ASSIGNMENTS,
        subject=f"assignment:{data.row['id']}",
        epoch=data.row["epoch"],
        lsn=data.row["lsn"],
        committed_at=committed_at,
        data=data,
    )
    return intents_of(news)
