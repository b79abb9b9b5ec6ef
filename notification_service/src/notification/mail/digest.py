"""What a digest shows of the letters that it puts together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from notification.mail.letter import Letter
from notification.mail.views.view import Link, Row

# More than that nobody reads, and some mailboxes cut a mail at 100 KB.
MAX_ITEMS = 50
_ROWS = 2
_CHANGED_ROWS = 3


@dataclass(frozen=True, slots=True)
class Item:
    """One of them in short: its own subject line, how its text begins, a few telling rows, its link."""

    headline: str
    opening: str | None
    rows: Sequence[Row]
    link: Link | None


@dataclass(frozen=True, slots=True)
class Group:
    """Those of one kind; `heading` says how many they are, shown or not."""

    heading: str
    items: Sequence[Item]


def by_kind(members: Sequence[Letter]) -> Iterator[tuple[str, Sequence[Letter], Sequence[Letter]]]:
    """Each kind with its members, and those of them that are shown, in the order of their first coming."""
    shown = {member.id for member in members[:MAX_ITEMS]}
    for kind in dict.fromkeys(member.kind for member in members):
        of_kind = [member for member in members if member.kind == kind]
        yield kind, of_kind, [member for member in of_kind if member.id in shown]


def telling(rows: Sequence[Row]) -> Sequence[Row]:
    """What changed; where nothing did, the first of what is: after the title, which the subject has."""
    changed = [row for row in rows if row.was != row.now]
    return changed[:_CHANGED_ROWS] or rows[1 : 1 + _ROWS]
