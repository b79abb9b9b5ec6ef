"""The form of all views."""

from collections.abc import Sequence
from dataclasses import dataclass

from notification.mail.clean import clean_name


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the details: what was and what is; the same, where nothing changed."""

    label: str
    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """Something to click; the address is a safe one."""

    url: str
    label: str


@dataclass(frozen=True, slots=True)
class View:
    """What templates are given. All texts are one visible line each, in the reader's language.

    Attributes:
        title: the name of what it is about.
        rows: the details.
        why: why this person gets this mail, for its foot.
        link: the one thing to open.
        agenda: of a meeting, line by line.
        organizer: who asks to it.
        cancelled: whether it does not take place at all.
        left: how far ahead it is, such as `in 23 hours`.
    """

    title: str
    rows: Sequence[Row]
    why: str
    link: Link | None = None
    agenda: Sequence[str] = ()
    organizer: str = ""
    cancelled: bool = False
    left: str = ""


def same(label: str, value: str | None) -> Row:
    """A row of something that did not change."""
    return Row(label, value, value)


def name(text: str | None) -> str | None:
    """A name that people typed, or None where there is none."""
    return clean_name(text or "") or None
