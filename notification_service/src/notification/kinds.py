"""The kinds of mails: what each tells, and what its reader may choose for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum


class Kind(StrEnum):
    """What a mail tells its reader; also the name of its folder in `templates/`."""

    ASSIGNED = "assigned"
    CHANGED = "changed"
    RENAMED = "renamed"
    REMOVED = "removed"
    INVITED = "invited"
    MEETING_CHANGED = "meeting_changed"
    MEETING_CANCELLED = "meeting_cancelled"
    MEETING_REMINDER = "meeting_reminder"
    TASK_ASSIGNED = "task_assigned"
    TASK_UNASSIGNED = "task_unassigned"
    TASK_COMPLETED = "task_completed"
    TASK_COMMENTED = "task_commented"
    TASK_REMINDER = "task_reminder"
    TASK_OVERDUE = "task_overdue"
    TEAM_NEWS = "team_news"
    EMAIL_CHANGED = "email_changed"
    ACCESS_CHANGED = "access_changed"
    MESSAGE = "message"
    ORDER = "order"
    DIGEST = "digest"


class Choice(Enum):
    """What a reader may choose for a kind."""

    # Immediately, hourly, daily or not at all.
    ANY = "any"
    # Immediately or not at all: what a calendar must know at once, or what is true for minutes only.
    PROMPT = "prompt"
    # Immediately: what protects an account, and what others' choices have led to.
    ALWAYS = "always"


class Delivery(StrEnum):
    """When a reader wants the mails of a kind."""

    IMMEDIATELY = "immediately"
    HOURLY = "hourly"
    DAILY = "daily"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Traits:
    """How a kind is treated.

    Attributes:
        choice: what its readers may choose.
        groups: many of it that come to one person at a time are put together.
        by_request: its template may be asked for by `POST /notify`.
        fixed_recipient: it goes to the address that its event named, whatever the person's is by now.
    """

    choice: Choice = Choice.ANY
    groups: bool = True
    by_request: bool = False
    fixed_recipient: bool = False


_PROMPT = Traits(Choice.PROMPT, groups=False)
_ORDINARY = Traits()
# Of the ordinary ones nothing need be said.
_TRAITS: Mapping[str, Traits] = {
    Kind.INVITED: _PROMPT,
    Kind.MEETING_CHANGED: _PROMPT,
    Kind.MEETING_CANCELLED: _PROMPT,
    Kind.MEETING_REMINDER: _PROMPT,
    Kind.EMAIL_CHANGED: Traits(Choice.ALWAYS, groups=False, fixed_recipient=True),
    Kind.ACCESS_CHANGED: Traits(Choice.ALWAYS, groups=False),
    Kind.MESSAGE: Traits(groups=False, by_request=True),
    Kind.ORDER: Traits(groups=False, by_request=True),
    Kind.DIGEST: Traits(Choice.ALWAYS, groups=False),
}


_NAMES = frozenset(Kind)


def is_known(kind: str) -> bool:
    """Whether this release has words for a kind, given by its name; a newer one may have written others."""
    return kind in _NAMES


def traits(kind: str) -> Traits:
    """How a kind, given by its name, is treated."""
    return _TRAITS.get(kind, _ORDINARY)


_DELIVERIES: Mapping[Choice, tuple[Delivery, ...]] = {
    Choice.ANY: tuple(Delivery),
    Choice.PROMPT: (Delivery.IMMEDIATELY, Delivery.OFF),
    Choice.ALWAYS: (Delivery.IMMEDIATELY,),
}


def deliveries(kind: str) -> tuple[Delivery, ...]:
    """What the readers of a kind, given by its name, may choose; the first is the default."""
    return _DELIVERIES[traits(kind).choice]


# From the first of these on a person knows of a subject; after one of those they are rid of it.
OPENING = (Kind.ASSIGNED, Kind.INVITED, Kind.TASK_ASSIGNED)
CLOSING = (Kind.REMOVED, Kind.MEETING_CANCELLED, Kind.TASK_UNASSIGNED)
