"""Counting: what was wanted, what was committed, what arrived, and what of it is wrong."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from local_stack.demo import invitations
from local_stack.demo.choices import ChoiceCount
from local_stack.demo.eventbook import EventBook, said
from local_stack.demo.invitations import InvitationCount
from local_stack.demo.ledger import KINDS, Ledger
from local_stack.demo.services import CaughtMail, Json
from local_stack.demo.state import Picture
from local_stack.demo.told import UNKNOWN, Telling, Told, called_for_by_tasks, told, void
from local_stack.demo.topics import EVENT_TOPICS, TASKS, Event

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
    """How often people were told of one kind of news.

    `together` of these came with others in one mail. `duplicate` counts mails that came again. `uncalled`
    went to somebody to whom nothing of this kind had happened.
    """

    kind: str
    expected: int
    told: int
    together: int
    lost: int
    duplicate: int
    uncalled: int

    @property
    def is_exact(self) -> bool:
        return self.expected == self.told and not self.lost and not self.duplicate and not self.uncalled


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
    arrived: Collection[Event],
    oids: Mapping[str, str],
    events: list[EventCount],
    choices: list[ChoiceCount],
) -> Audit:
    """Compare everything with everything.

    Args:
        ledger: what is wanted.
        committed: what the admin says.
        shown: what the task service shows.
        caught: the mails that the catcher took, of the demo's people and of others.
        records: the notifier's records, which tell what a caught mail is about.
        arrived: what came on the topics.
        oids: the oids of people by their addresses.
        events: what was counted on the topics.
        choices: what came of computing the choices of assignees again.
    """
    wanted = ledger.picture
    states = [_state(thing, wanted, committed, shown) for thing in _THINGS]
    addresses = {person.email for person in ledger.people}
    ours = [mail for mail in caught if addresses & set(mail.recipients)]
    people = {oid: email for email, oid in oids.items()}
    of_tasks = called_for_by_tasks((event for event in arrived if event.topic == TASKS), people)
    expected = ledger.mails + of_tasks - void(records, people)
    mails = _mails(expected, [it for it in told(records, ours) if it.address in addresses], ours, records)
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


def _mails(
    expected: Counter[Telling], news: Collection[Told], caught: Iterable[CaughtMail], records: Iterable[Json]
) -> list[MailCount]:
    kinds = {record["message_id"]: record["kind"] for record in records}
    again: Counter[str] = Counter()
    for (message, _), count in Counter((mail.message_id, mail.recipients) for mail in caught).items():
        again[kinds.get(message, UNKNOWN)] += count - 1
    found = [*KINDS, *sorted(({it.kind for it in news} | set(+again)) - set(KINDS))]
    return [_mail(kind, expected, news, duplicate=again[kind]) for kind in found]


def _mail(kind: str, expected: Counter[Telling], news: Collection[Told], *, duplicate: int) -> MailCount:
    called = Counter({address: n for (address, of), n in expected.items() if of == kind})
    of_kind = [it for it in news if it.kind == kind]
    reached = Counter(it.address for it in of_kind)
    return MailCount(
        kind=kind,
        expected=called.total(),
        told=reached.total(),
        together=sum(it.together for it in of_kind),
        lost=(called - reached).total(),
        duplicate=duplicate,
        uncalled=(reached - called).total(),
    )
