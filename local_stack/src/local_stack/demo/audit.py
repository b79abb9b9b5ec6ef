"""Counting: what was wanted, what was committed, what arrived, and what of it is wrong."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from local_stack.demo import invitations
from local_stack.demo.choices import ChoiceCount
from local_stack.demo.eventbook import EventBook, said
from local_stack.demo.invitations import InvitationCount
from local_stack.demo.ledger import KINDS, Ledger
from local_stack.demo.services import CaughtMail, Json
from local_stack.demo.state import Picture
from local_stack.demo.topics import EVENT_TOPICS, Event

_THINGS = ("people", "projects", "teams", "assignments")


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many there are of one kind of thing. What differs in any field counts as missing and as surplus."""

    thing: str
    wanted: int
    committed: int
    shown: int
    lost: int
    surplus: int

    @property
    def is_exact(self) -> bool:
        return self.wanted == self.committed == self.shown and not self.lost and not self.surplus


@dataclass(frozen=True, slots=True)
class MailCount:
    """How many mails of one kind. `uncalled` went to somebody to whom nothing of this kind had happened."""

    kind: str
    expected: int
    caught: int
    lost: int
    duplicate: int
    uncalled: int

    @property
    def is_exact(self) -> bool:
        return self.expected == self.caught and not self.lost and not self.duplicate and not self.uncalled


@dataclass(frozen=True, slots=True)
class EventCount:
    """How much is said on one topic of what the book knows; `twice` counts messages that came again."""

    topic: str
    expected: int
    arrived: int
    lost: int
    twice: int
    uncalled: int

    @property
    def is_exact(self) -> bool:
        return self.expected == self.arrived and not self.lost and not self.twice and not self.uncalled


@dataclass(frozen=True, slots=True)
class Audit:
    """All counts together."""

    admin_is_right: bool
    """Whether the admin has committed exactly what was wanted."""
    states: list[StateCount]
    mails: list[MailCount]
    invitations: list[InvitationCount]
    events: list[EventCount]
    choices: list[ChoiceCount]

    @property
    def is_exact(self) -> bool:
        counts = (self.states, self.mails, self.invitations, self.events, self.choices)
        return self.admin_is_right and all(count.is_exact for kind in counts for count in kind)


def compare(
    ledger: Ledger,
    committed: Picture,
    shown: Picture,
    caught: Collection[CaughtMail],
    records: Collection[Json],
    *,
    events: list[EventCount],
    choices: list[ChoiceCount],
) -> Audit:
    """Compare everything with everything.

    Args:
        ledger: what is wanted.
        committed: what the admin says.
        shown: what the task service shows.
        caught: the mails that the catcher took, of the demo's people and of others.
        records: the notifier's records, which tell what kind a caught mail is.
        events: what was counted on the topics.
        choices: what came of computing the choices of assignees again.
    """
    wanted = ledger.picture
    states = [_state(thing, wanted, committed, shown) for thing in _THINGS]
    addresses = {person.email for person in ledger.people}
    kinds = {record["message_id"]: record["kind"] for record in records}
    ours = [mail for mail in caught if addresses & set(mail.recipients)]
    copies = Counter((mail.message_id, mail.recipients) for mail in ours)
    found = [*KINDS, *sorted({kinds.get(mail.message_id, "unknown") for mail in ours} - set(KINDS))]
    mails = [_mail(kind, ledger, copies, kinds) for kind in found]
    once = {mail.message_id: mail for mail in ours}
    attached = [asked for mail in once.values() for asked in mail.invitations]
    objects = invitations.count(ledger.invitations, attached)
    return Audit(wanted == committed, states, mails, objects, events, choices)


def count_events(book: EventBook, arrived: Iterable[Event]) -> list[EventCount]:
    """Compare what is on the topics with what ought to be."""
    ours = book.ours(arrived)
    return [_events(topic, book, [event for event in ours if event.topic == topic]) for topic in EVENT_TOPICS]


def _events(topic: str, book: EventBook, arrived: Collection[Event]) -> EventCount:
    expected = Counter({saying: count for saying, count in book.expected.items() if saying[0] == topic})
    once = {event.uid: event for event in arrived}
    found = Counter(saying for event in once.values() for saying in said(event))
    return EventCount(
        topic=topic,
        expected=expected.total(),
        arrived=found.total(),
        lost=(expected - found).total(),
        twice=len(arrived) - len(once),
        uncalled=(found - expected).total(),
    )


def _state(thing: str, wanted: Picture, committed: Picture, shown: Picture) -> StateCount:
    here, there = getattr(committed, thing), getattr(shown, thing)
    return StateCount(
        thing=thing,
        wanted=getattr(wanted, thing).total(),
        committed=here.total(),
        shown=there.total(),
        lost=(here - there).total(),
        surplus=(there - here).total(),
    )


def _mail(
    kind: str, ledger: Ledger, copies: Counter[tuple[str, tuple[str, ...]]], kinds: dict[str, str]
) -> MailCount:
    of_kind = {mail: count for mail, count in copies.items() if kinds.get(mail[0], "unknown") == kind}
    expected = Counter({address: n for (address, of), n in ledger.mails.items() if of == kind})
    reached = Counter(address for _, recipients in of_kind for address in recipients)
    return MailCount(
        kind=kind,
        expected=expected.total(),
        caught=sum(of_kind.values()),
        lost=(expected - reached).total(),
        duplicate=sum(count - 1 for count in of_kind.values()),
        uncalled=(reached - expected).total(),
    )
