"""How an attempt to hand a mail to the server can end."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    # A final no (5xx), or a mail that cannot exist, such as one to no valid address.
    REFUSED = "refused"
    # Not now: 4xx, a time-out or a lost connection before the server could have taken it.
    DEFERRED = "deferred"
    # No answer after the end of the message was written: the server may have it or not.
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Result:
    """The end of one attempt.

    Attributes:
        outcome: how it ended.
        detail: for the API: it may quote the server, so it is never logged.
        hard: the refusal was of the address, not of this mail: another mail to it would end the same way.
    """

    outcome: Outcome
    detail: str
    hard: bool = False
