"""The ledger: every version of every assignment that the writer saw committed, in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

State = dict[str, Any]
# Where a person works, and the link they were given: what a mail is about.
_PLACE = ("project_id", "team_id", "application_url")


class Version(NamedTuple):
    """One committed state of an assignment.

    `lsn` is the source's WAL position when the row was locked for it: the change's own position lies
    at or behind it, and before the next version's. `state` is None when the assignment was ended.
    """

    lsn: int
    state: State | None


class Mail(NamedTuple):
    """A mail that a committed change calls for."""

    kind: str
    user_oid: UUID


@dataclass
class Ledger:
    """What was committed: assignment id → its versions. Ids in `undone` were rolled back."""

    versions: dict[int, list[Version]] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)

    def commit(self, changes: Iterable[tuple[int, Version]]) -> None:
        """Enter what one transaction did, after its commit."""
        for assignment, version in changes:
            # A new list each time: readers in other threads see the old or the new one, never half of it.
            self.versions[assignment] = [*self.versions.get(assignment, []), version]

    def living(self) -> dict[int, State]:
        """The assignments that are in force now."""
        return {id_: last.state for id_, last in self._last() if last.state is not None}

    def mark(self) -> dict[int, int]:
        """Assignment id → the least position that shows its present version, to wait for."""
        return {id_: last.lsn for id_, last in self._last()}

    def _last(self) -> Iterator[tuple[int, Version]]:
        for id_, versions in list(self.versions.items()):
            yield id_, versions[-1]

    def mails(self, assignment: int) -> list[list[Mail]]:
        """What the people concerned must be told, change by change; what concerns nobody is left out."""
        states = [version.state for version in self.versions[assignment]]
        changes = zip([None, *states], states, strict=False)
        return [mails for before, after in changes if (mails := _mails_of(before, after))]


def _mails_of(before: State | None, after: State | None) -> list[Mail]:
    if before is None or after is None or before["user_oid"] != after["user_oid"]:
        ended = [] if before is None else [Mail("removed", before["user_oid"])]
        begun = [] if after is None else [Mail("assigned", after["user_oid"])]
        return sorted(ended + begun)
    if any(before[column] != after[column] for column in _PLACE):
        return [Mail("changed", after["user_oid"])]
    return []
