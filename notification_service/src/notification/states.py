"""The kinds of mails and the states of their lives: words that the tables, the mails and HTTP share."""

from enum import StrEnum


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
    TASK_REMINDER = "task_reminder"
    TASK_OVERDUE = "task_overdue"


# From the first of these on a person knows of a subject; after one of those they are rid of it.
OPENING = (Kind.ASSIGNED, Kind.INVITED)
CLOSING = (Kind.REMOVED, Kind.MEETING_CANCELLED)


class Source(StrEnum):
    """Who told the notifier. The mails of one source about one subject have an order."""

    ASSIGNMENTS = "assignments"
    MEETINGS = "meetings"
    REMINDERS = "reminders"


class State(StrEnum):
    """Where a mail is in its life; `FINAL` has the states that it stays in."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    # Nobody knows whether the server took it: it was handed over twice without an answer, or the
    # database was restored from a backup that was made before.
    UNCONFIRMED = "unconfirmed"


FINAL = (State.SENT, State.FAILED, State.CANCELLED, State.UNCONFIRMED)
