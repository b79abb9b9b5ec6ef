"""What ought to be there: the demo's own books, written before it looks at anybody else's."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from local_stack.demo.invitations import Invitation
from local_stack.demo.state import Assignment, Person, Picture

ASSIGNED, CHANGED, REMOVED, INVITED, MEETING_CHANGED, MEETING_CANCELLED, REMINDED, ACCESS_CHANGED = (
    _BOOKED
) = (
    *("assigned", "changed", "removed"),
    *("invited", "meeting_changed", "meeting_cancelled"),
    *("task_reminder", "access_changed"),
)
# What follows from the events of tasks is not booked beforehand: who is chosen shows only there.
TASK_ASSIGNED, TASK_UNASSIGNED = _FOLLOWING = ("task_assigned", "task_unassigned")
KINDS = (*_BOOKED, *_FOLLOWING)


@dataclass(slots=True)
class Ledger:
    """The wanted state, and the mails that follow from how it came about.

    `mails` counts what each address gets of each kind; a rename mails nobody. `invitations` are the calendar
    objects that are in these mails.
    """

    people: frozenset[Person]
    assignments: set[Assignment] = field(default_factory=set)
    mails: Counter[tuple[str, str]] = field(default_factory=Counter)
    invitations: Counter[Invitation] = field(default_factory=Counter)

    @property
    def picture(self) -> Picture:
        return Picture.of(self.people, self.assignments)

    def assign(self, assignments: Iterable[Assignment]) -> None:
        for assignment in assignments:
            self.assignments.add(assignment)
            self.mails[assignment.email, ASSIGNED] += 1

    def move(self, assignment: Assignment, team: str) -> None:
        self.assignments.remove(assignment)
        self.assignments.add(replace(assignment, team=team))
        self.mails[assignment.email, CHANGED] += 1

    def remove(self, assignment: Assignment) -> None:
        self.assignments.remove(assignment)
        self.mails[assignment.email, REMOVED] += 1

    def rename_team(self, project: str, old: str, new: str) -> list[Assignment]:
        """Rename a team; returns its members' assignments, as they are now."""
        members = {it for it in self.assignments if (it.project, it.team) == (project, old)}
        renamed = {replace(it, team=new) for it in members}
        self.assignments = self.assignments - members | renamed
        return sorted(renamed)

    def invite(self, invitation: Invitation, kind: str) -> None:
        """Somebody is mailed about a meeting, in a mail of this kind."""
        self.mails[invitation.address, kind] += 1
        self.invitations[invitation] += 1

    def of(self, email: str) -> set[Assignment]:
        """A person's assignments."""
        return {assignment for assignment in self.assignments if assignment.email == email}

    def has(self, email: str, project: str, team: str) -> bool:
        return any((it.project, it.team) == (project, team) for it in self.of(email))
