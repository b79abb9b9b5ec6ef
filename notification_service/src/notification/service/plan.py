"""What a change of an assignment is to the people in it. Pure: no database, no clock."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from notification.service.intents import Intent, News, intents_of
from notification.service.subjects.assignment import AssignmentNews
from notification.service.subjects.forms import Row
from notification.states import Source

_NAMES = ("project_name", "team_name")
_PLACE = ("project_id", "team_id", "application_url")


def plan_mails(
    op: str,
    before: Row | None,
    after: Row,
    committed_at: datetime,
    *,
    import_oid: UUID | None = None,
    notify_renames: bool = False,
) -> list[Intent]:
    """What to tell whom about a change that is newer than everything known.

    Args:
        op: `c`, `u`, `d` or `r` (a snapshot's row: a state, no news).
        before: the living row before the change, or None.
        after: the row after it; for a delete, the row as it was.
        committed_at: when the source committed the change.
        import_oid: the import that the change was part of.
        notify_renames: also tell that the project or the team has a new name.
    """
    news = _what_happened(op, before, after, notify_renames=notify_renames)
    return [
        intent for type_, data in news for intent in intents_of(_news(type_, data, committed_at, import_oid))
    ]


def _what_happened(
    op: str, before: Row | None, after: Row, *, notify_renames: bool
) -> Iterator[tuple[str, AssignmentNews]]:
    if op == "c":
        yield "assignment.begun", AssignmentNews(None, after)
    elif op == "d":
        yield "assignment.ended", AssignmentNews(after, None)
    # An update of an unknown row cannot say what changed: its history is older than the topic's.
    elif op == "r" or before is None:
        return
    elif before["user_oid"] != after["user_oid"]:
        handed_over = {**before, "epoch": after["epoch"], "lsn": after["lsn"]}
        yield "assignment.ended", AssignmentNews(handed_over, None)
        yield "assignment.begun", AssignmentNews(None, after)
    elif what := _what_changed(before, after, notify_renames=notify_renames):
        yield what, AssignmentNews(before, after)


def _what_changed(before: Row, after: Row, *, notify_renames: bool) -> str | None:
    if _differ(before, after, _PLACE):
        return "assignment.moved"
    if notify_renames and _differ(before, after, _NAMES):
        return "assignment.renamed"
    return None


def _differ(before: Row, after: Row, columns: tuple[str, ...]) -> bool:
    # The source writes an absent link as null or as an empty string: to the reader it is the same.
    return any((before[column] or None) != (after[column] or None) for column in columns)


def _news(type_: str, data: AssignmentNews, committed_at: datetime, import_oid: UUID | None) -> News:
    return News(
        type=type_,
        source=Source.ASSIGNMENTS,
        subject=f"assignment:{data.row['id']}",
        epoch=data.row["epoch"],
        lsn=data.row["lsn"],
        committed_at=committed_at,
        data=data,
        import_oid=import_oid,
    )
