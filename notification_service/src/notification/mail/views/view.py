"""The form of all views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from notification.mail.clean import clean_name, safe_link

# How much it presses: what colours say once more, never what only they say.
Tone = Literal["calm", "soon", "urgent", "good"]


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

    @property
    def host(self) -> str:
        """Where it leads: a label can promise anything."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class View:
    """What templates are given. All texts are one visible line each, in the reader's language.

    Attributes:
        topic: the sort of thing that it is about.
        title: the name of what it is about.
        rows: the details; the first one says the title again.
        why: why this person gets this mail, for its foot.
        tone: how much it presses.
        body: paragraphs that somebody wrote, line by line.
        quote: what somebody said, line by line.
        link: the one thing to open.
        agenda: of a meeting, line by line.
        words: what only the texts of this sort of subject name, such as `organizer`.
    """

    topic: str
    title: str
    rows: Sequence[Row]
    why: str
    tone: Tone = "calm"
    body: Sequence[Sequence[str]] = ()
    quote: Sequence[str] = ()
    link: Link | None = None
    agenda: Sequence[str] = ()
    words: Mapping[str, str | bool | None] = field(default_factory=dict)


def same(label: str, value: str | None) -> Row:
    """A row of something that did not change."""
    return Row(label, value, value)


def name(text: str | None) -> str | None:
    """A name that people typed, or None where there is none."""
    return clean_name(text or "") or None


def link_to(url: str | None, label: str) -> Link | None:
    """Something to click, if its address is a safe one."""
    safe = safe_link(url)
    return Link(safe, label) if safe else None
