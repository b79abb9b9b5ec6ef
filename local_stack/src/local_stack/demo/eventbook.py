"""Which events ought to come: booked when something is done, before any topic is looked at."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from local_stack.demo.topics import ACCOUNTS, MEETINGS, REASSIGNMENTS, REMINDERS, TASKS, Event

ASSIGNED = "task.assigned.v1"

Saying = tuple[str, str, str]
"""Topic, whom or what it is about, and what is said of it."""


@dataclass(frozen=True, slots=True)
class EventBook:
    """Every saying that is expected, with how often."""

    expected: Counter[Saying] = field(default_factory=Counter)

    def account(self, email: str, type_: str) -> None:
        """A person was created, changed or deleted in the admin."""
        self.expected[ACCOUNTS, email, type_] += 1

    def task(self, oid: str, *types: str) -> None:
        """Something was done to a task; for an assignment see `assigned`."""
        self.expected.update((TASKS, oid, type_) for type_ in types)

    def assigned(self, oid: str, person: str) -> None:
        """A task has gone to the person with this oid."""
        self.expected[TASKS, oid, _to(ASSIGNED, person)] += 1

    def reassigned(self, job: str, choices: Mapping[str, str]) -> None:
        """A job has given tasks to people: oid of the task → oid of the person."""
        for task, person in choices.items():
            self.expected[REASSIGNMENTS, job, _to(task, person)] += 1
            self.assigned(task, person)

    def meeting(self, oid: str, type_: str, people: Mapping[str, str]) -> None:
        """Something was done to a meeting: address of who is told → what has become of it for them."""
        self.expected[MEETINGS, oid, type_] += 1
        self.expected.update((MEETINGS, oid, _to(action, email)) for email, action in people.items())

    def reminded(self, oid: str, kind: str, email: str) -> None:
        """Somebody is reminded of a task or a meeting."""
        self.expected[REMINDERS, oid, _to(kind, email)] += 1

    def ours(self, events: Iterable[Event]) -> list[Event]:
        """The events about what is in this book, whatever they say of it."""
        about = {(topic, whom) for topic, whom, _ in self.expected}
        return [it for it in events if any((topic, whom) in about for topic, whom, _ in said(it))]


def said(event: Event) -> Iterable[Saying]:
    """What an event says, in the words of the book."""
    data = event.payload["data"]
    match event.topic:
        case "account-bus":
            return [(ACCOUNTS, data["email"], event.type)]
        case "reassign-task-bus":
            return [(REASSIGNMENTS, event.key, _to(task, person)) for task, person in data.items()]
        case "meeting-bus":
            people = [_to(it["action"], it["email"]) for it in data["recipients"]]
            return [(MEETINGS, event.key, what) for what in (event.type, *people)]
        case "reminder-bus":
            return [(REMINDERS, event.key, _to(data["kind"], it["email"])) for it in data["recipients"]]
    what = _to(event.type, data["assignee_oid"]) if event.type == ASSIGNED else event.type
    return [(TASKS, event.key, what)]


def _to(what: str, person: str) -> str:
    return f"{what} → {person}"
