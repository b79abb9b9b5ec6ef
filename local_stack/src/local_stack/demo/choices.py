"""Choices of assignees, computed again from what is published of them, with what the demo's own books say."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from local_stack.demo.eventbook import ASSIGNED
from local_stack.demo.services import Json
from local_stack.demo.topics import Event


@dataclass(frozen=True, slots=True)
class ChoiceCount:
    """How many choices of one kind there are, and how many of them come out otherwise."""

    kind: str
    made: int
    different: int

    @property
    def is_exact(self) -> bool:
        return not self.different


def of_new_tasks(events: Iterable[Event], tasks: Collection[str], eligible: Sequence[str]) -> ChoiceCount:
    """The choices when these tasks were created, as their events tell of them; `eligible` is sorted."""
    told = {
        event.key: event.payload["data"]
        for event in events
        if event.key in tasks and event.type == ASSIGNED and event.payload["data"]["version"] == 1
    }
    right = sum(_is_right_at_creation(data, eligible) for data in told.values())
    return ChoiceCount("of new tasks", len(told), len(told) - right)


def of_job(proof: Json, eligible: Sequence[str]) -> ChoiceCount:
    """The choices of a job that reassigned the tasks of one project at random; `eligible` is sorted."""
    pools = {pool["number"]: pool for pool in proof["pools"]}
    choices = proof["choices"]
    right = sum(
        _is_right_in_job(choice, pools[choice["pool"]], proof["seed"], eligible) for choice in choices
    )
    return ChoiceCount("of the job", len(choices), len(choices) - right)


def _is_right_at_creation(data: Json, eligible: Sequence[str]) -> bool:
    choice = data["choice"]
    fits = choice["eligible_hash"] == fingerprint(eligible)
    return fits and data["assignee_oid"] == at_random(choice["seed"], data["oid"], eligible)


def _is_right_in_job(choice: Json, pool: Json, seed: str, eligible: Sequence[str]) -> bool:
    others = [oid for oid in eligible if oid != choice["before_oid"]] or eligible
    fits = pool["eligible_hash"] == fingerprint(eligible)
    return fits and choice["after_oid"] == at_random(seed, choice["task_oid"], others)


def fingerprint(oids: Sequence[str]) -> str:
    """Of a sorted set of people."""
    return sha256("\n".join(oids).encode()).hexdigest()


def at_random(seed: str, task: str, among: Sequence[str]) -> str:
    """Whom the strategy `random` takes of these people, who are sorted."""
    return among[int.from_bytes(sha256(f"{seed}:{task}".encode()).digest()) % len(among)]
