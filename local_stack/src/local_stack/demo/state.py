"""What the demo compares: the same picture of a company, wherever it was taken."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A person as others see them. The e-mail identifies them, inside and outside of the admin."""

    email: str
    name: str
    role: str
    locale: str
    time_zone: str


@dataclass(frozen=True, order=True, slots=True)
class Assignment:
    """A person's place. What is absent is an empty text."""

    email: str
    project: str
    team: str
    link: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that has to do with at least one assignment. Counted, so that something twice is seen."""

    people: Counter[Person]
    projects: Counter[str]
    teams: Counter[tuple[str, str]]
    assignments: Counter[Assignment]

    @classmethod
    def of(cls, people: Iterable[Person], assignments: Iterable[Assignment]) -> "Picture":
        """The picture that follows from these assignments. Who has none of them is not in it."""
        placed = list(assignments)
        busy = {it.email for it in placed}
        return cls(
            people=Counter(person for person in people if person.email in busy),
            projects=Counter({it.project for it in placed}),
            teams=Counter({(it.project, it.team) for it in placed if it.team}),
            assignments=Counter(placed),
        )
