"""The calendar objects in the caught mails, read as a calendar program reads them (RFC 5545, RFC 6047)."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from email import message_from_string, policy
from email.message import EmailMessage
from typing import NamedTuple

from icalendar import Calendar

UNREADABLE = "unreadable"
METHODS = ("REQUEST", "CANCEL")


class Invitation(NamedTuple):
    """What a calendar program goes by: whom it is for, what to do, with which event, and how new that is."""

    address: str
    method: str
    uid: str
    sequence: int


@dataclass(frozen=True, slots=True)
class InvitationCount:
    """How many mails have a calendar object of one method attached."""

    method: str
    expected: int
    caught: int
    lost: int
    uncalled: int

    @property
    def is_exact(self) -> bool:
        return self.expected == self.caught and not self.lost and not self.uncalled


def count(expected: Counter[Invitation], caught: Iterable[Invitation]) -> list[InvitationCount]:
    """Compare what is attached to the mails with what ought to be; each mail is given once."""
    found = Counter(caught)
    methods = [*METHODS, *sorted({it.method for it in found} - set(METHODS))]
    return [_count(method, _of(method, expected), _of(method, found)) for method in methods]


def _of(method: str, invitations: Counter[Invitation]) -> Counter[Invitation]:
    return Counter({it: n for it, n in invitations.items() if it.method == method})


def _count(method: str, expected: Counter[Invitation], found: Counter[Invitation]) -> InvitationCount:
    return InvitationCount(
        method=method,
        expected=expected.total(),
        caught=found.total(),
        lost=(expected - found).total(),
        uncalled=(found - expected).total(),
    )


def read(source: str, recipients: Collection[str]) -> set[Invitation]:
    """What a mail asks each recipient's calendar program to do; empty, if it has no calendar object."""
    mail = message_from_string(source, policy=policy.default)
    return {found._replace(address=it) for found in _objects(mail) for it in recipients}


def _objects(mail: EmailMessage) -> Iterator[Invitation]:
    for part in mail.walk():
        if part.get_content_type() == "text/calendar" or (part.get_filename() or "").endswith(".ics"):
            yield _object(part)


def _object(part: EmailMessage) -> Invitation:
    try:
        calendar = Calendar.from_ical(part.get_content())
        event = calendar.events[0]
        return Invitation("", str(calendar["METHOD"]), str(event["UID"]), int(str(event["SEQUENCE"])))
    except (ValueError, KeyError, IndexError) as error:
        return Invitation("", UNREADABLE, repr(error), 0)
