"""The states of a mail's life, and who told of what it says: words that the tables and HTTP share."""

from enum import StrEnum


class Source(StrEnum):
    """Who told the notifier. The mails of one source about one subject have an order."""

    ASSIGNMENTS = "assignments"
    MEETINGS = "meetings"
    REMINDERS = "reminders"
    TASKS = "tasks"
    NEWS = "news"
    ACCOUNTS = "accounts"
    REQUESTS = "requests"
    DIGESTS = "digests"


class State(StrEnum):
    """Where a mail is in its life; `FINAL` has the states that it stays in."""

    QUEUED = "queued"
    SENDING = "sending"
    # Queued again after an attempt that failed for now.
    RETRYING = "retrying"
    ACCEPTED = "accepted"
    # Refused for good: by the server, or because there is no such address.
    BOUNCED = "bounced"
    # Never handed over; a `Reason` says why.
    SUPPRESSED = "suppressed"
    # Nobody knows whether the server took it: it was handed over twice without an answer, or the
    # database was restored from a backup that was made before.
    UNCONFIRMED = "unconfirmed"


WAITING = (State.QUEUED, State.RETRYING)
FINAL = (State.ACCEPTED, State.BOUNCED, State.SUPPRESSED, State.UNCONFIRMED)


class Reason(StrEnum):
    """Why a mail is suppressed."""

    UNSUBSCRIBED = "unsubscribed"
    # No longer true, or no longer news.
    STALE = "stale"
    # Another mail brings it, together with others.
    DIGEST = "digest"
    # Mails to the address came back, again and again.
    BOUNCED_BEFORE = "bounced_before"
