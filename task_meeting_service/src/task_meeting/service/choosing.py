"""Who gets a task: pure functions, so that anybody can compute a choice again, in any language.

Notation: an oid is the text of a UUID in lower case with hyphens; a list of people is sorted by that text;
`sha256` takes ASCII. What is recorded with a choice is enough for the whole computation:

* `eligible_hash` = hex of sha256 over the sorted oids of the eligible people, with a line feed between two.
* `candidates` = the eligible people without the present assignee, unless nobody else is eligible.
* `number` = sha256 over `seed`, a colon and the task's oid, read as one big-endian whole number.
* `random`: the candidate at the place `number mod length`, counted from 0.
* `round_robin`: the first candidate whose oid is greater than the last one chosen, else the first candidate.
* `least_loaded`: `random` among those candidates that have the fewest open tasks.

After each choice of one computation the chosen person is the last one, and has one open task more; the task's
former assignee has one less.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from task_meeting.schemas.project_settings import Strategy


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice that was made, with what an event says of it; who was eligible is told by a hash."""

    assignee_oid: UUID
    strategy: Strategy
    seed: str
    eligible_hash: str


def eligible_hash(eligible: Iterable[UUID]) -> str:
    """The fingerprint of a set of people: 64 hexadecimal digits, whatever their order was."""
    return sha256("\n".join(sorted(map(str, eligible))).encode()).hexdigest()


def candidates(eligible: Sequence[UUID], present: UUID | None) -> Sequence[UUID]:
    """Who may be chosen: not the present assignee when there is another. Sorted, as `eligible` is."""
    return [oid for oid in eligible if oid != present] or eligible


def choose_random(seed: str, task_oid: UUID, among: Sequence[UUID]) -> UUID:
    """Any of them with the same chance; `among` is sorted and not empty."""
    number = int.from_bytes(sha256(f"{seed}:{task_oid}".encode()).digest())
    return among[number % len(among)]


def choose_next(among: Sequence[UUID], last: UUID | None) -> UUID:
    """The one who follows `last`, who need not be among them any more; `among` is sorted and not empty."""
    # UUIDs compare as their texts do.
    return next((oid for oid in among if last is None or oid > last), among[0])


def choose_least_loaded(seed: str, task_oid: UUID, among: Sequence[UUID], loads: Mapping[UUID, int]) -> UUID:
    """Any of those with the fewest open tasks; who has no entry in `loads` has none."""
    fewest = min(loads.get(oid, 0) for oid in among)
    return choose_random(seed, task_oid, [oid for oid in among if loads.get(oid, 0) == fewest])


@dataclass(slots=True)
class Pool:
    """The eligible people of one project or team, sorted, and what strategies remember between choices."""

    eligible: Sequence[UUID]
    last: UUID | None
    loads: MutableMapping[UUID, int]

    def choose(self, strategy: Strategy, seed: str, task_oid: UUID, present: UUID | None) -> UUID:
        """Choose, and remember it for the next choice. `eligible` must not be empty."""
        chosen = self._chosen(strategy, seed, task_oid, candidates(self.eligible, present))
        self.last = chosen
        self.loads[chosen] = self.loads.get(chosen, 0) + 1
        if present is not None and present in self.loads:
            self.loads[present] -= 1
        return chosen

    def _chosen(self, strategy: Strategy, seed: str, task_oid: UUID, among: Sequence[UUID]) -> UUID:
        match strategy:
            case "random":
                return choose_random(seed, task_oid, among)
            case "round_robin":
                return choose_next(among, self.last)
            case "least_loaded":
                return choose_least_loaded(seed, task_oid, among, self.loads)
