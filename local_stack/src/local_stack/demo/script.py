"""The single changes: which rows they take, and how a person makes them in the admin."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeVar

from local_stack.demo import observe
from local_stack.demo.admin import Admin, Editor
from local_stack.demo.errors import DemoError
from local_stack.demo.ledger import ASSIGNED, CHANGED, REMOVED, Ledger
from local_stack.demo.observe import Shown
from local_stack.demo.services import TaskService
from local_stack.demo.state import Assignment

ASSIGNMENT = "teams/userassignment"

T = TypeVar("T")
Question = Callable[[], Awaitable[bool]]
Place = tuple[str, str]
"""Project and team, which may be empty."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change that is prepared: its form is open, and only has to be sent with `values`.

    `is_shown` asks the task service whether the change is visible at one person; `is_complete`, whether it is
    at everybody. `assignment` is the id of that person's assignment, None if it only comes to be. `mail` is
    the kind of mail that the change calls for, or None.
    """

    title: str
    about: str
    editor: Editor
    values: dict[str, str]
    is_shown: Question
    is_complete: Question
    assignment: int | None
    mail: str | None


class Script:
    """Prepares changes and books them in the ledger. No two are about the same person, but for renames."""

    def __init__(self, admin: Admin, task: TaskService, ledger: Ledger, shown: Shown) -> None:
        """`shown`: the state that everything starts from."""
        self._admin = admin
        self._task = task
        self._ledger = ledger
        self._users = shown.users
        self._names = {person.email: person.name for person in ledger.people}
        self._unused = sorted(shown.users)
        self._teams: deque[Place] = deque(sorted(shown.teams))
        self._oids = dict(shown.teams)

    def round(self) -> Iterator[Callable[[], Awaitable[Change]]]:
        """One change of each kind, to be prepared one after the other."""
        self._teams.rotate(-1)
        yield self._assign
        yield self._move
        yield self._rename_team
        yield self._remove
        yield self._assign_without_team

    async def _assign(self) -> Change:
        email, place = self._take(lambda email: self._vacancy(email, self._teams))
        return await self.add("New assignment", email, place)

    async def _assign_without_team(self) -> Change:
        projects = [(project, "") for project, _ in self._teams]
        email, place = self._take(lambda email: self._vacancy(email, projects))
        return await self.add("Assignment without a team", email, place)

    async def add(self, title: str, email: str, place: Place) -> Change:
        """Prepare a new assignment."""
        project, team = place
        editor = await self._admin.open_add(ASSIGNMENT)
        values = {
            "user": await self._admin.choose("user", email, self._names[email]),
            "project": await self._admin.choose("project", project, project),
        }
        if team:
            values["team"] = await self._choose_team(place)
        self._ledger.assign([Assignment(email, project, team, "")])
        about = f"{self._names[email]}, {' / '.join(filter(None, place))}"
        shown = self._shows(email)
        return Change(title, about, editor, values, shown, shown, None, ASSIGNED)

    async def _move(self) -> Change:
        email, (old, team) = self._take(self._possible_move)
        number = await self._number_of(old)
        editor = await self._admin.open_change(ASSIGNMENT, number)
        values = {"team": await self._choose_team((old.project, team))}
        self._ledger.move(old, team)
        shown = self._shows(email)
        about = f"{self._names[email]}, {old.project}: {old.team} → {team}"
        return Change("Move to another team", about, editor, values, shown, shown, number, CHANGED)

    async def _remove(self) -> Change:
        email, old = self._take(lambda email: min(self._ledger.of(email), default=None))
        number = await self._number_of(old)
        editor = await self._admin.open_delete(ASSIGNMENT, number)
        self._ledger.remove(old)
        shown = self._shows(email)
        about = f"{self._names[email]}, {' / '.join(filter(None, (old.project, old.team)))}"
        return Change("Removal", about, editor, {}, shown, shown, number, REMOVED)

    async def _rename_team(self) -> Change:
        project, old = self._teams.popleft()
        new = old.removesuffix(" II") if old.endswith(" II") else f"{old} II"
        oid = self._oids[project, new] = self._oids.pop((project, old))
        self._teams.append((project, new))
        editor = await self._admin.open_change("teams/team", await self._choose_team((project, old)))
        members = self._ledger.rename_team(project, old, new)
        last = max((await self._task.team(oid))["members"], key=itemgetter("assignment_id"))
        is_shown, is_complete = self._shows(last["email"]), self._shows(*{it.email for it in members})
        about = f"{project}: {old} → {new}, {len(members)} people"
        return Change(
            "Rename of a team",
            about,
            editor,
            {"name": new},
            is_shown,
            is_complete,
            last["assignment_id"],
            None,
        )

    def _take(self, find: Callable[[str], T | None]) -> tuple[str, T]:
        """The first unused person for whom something is found, and that."""
        for email in self._unused:
            if (found := find(email)) is not None:
                self._unused.remove(email)
                return email, found
        raise DemoError("The company is too small for so many changes.")

    def _vacancy(self, email: str, places: Iterable[Place]) -> Place | None:
        return next((place for place in places if not self._ledger.has(email, *place)), None)

    def _possible_move(self, email: str) -> tuple[Assignment, str] | None:
        for assignment in sorted(self._ledger.of(email)):
            teams = [place for place in self._teams if place[0] == assignment.project]
            if assignment.team and (place := self._vacancy(email, teams)):
                return assignment, place[1]
        return None

    async def _choose_team(self, place: Place) -> str:
        return await self._admin.choose("team", " ".join(place), " / ".join(place))

    async def _number_of(self, wanted: Assignment) -> int:
        """The id of an assignment, which is the same in the admin and in the task service."""
        user = await self._task.user(self._users[wanted.email])
        for row in user["assignments"]:
            if observe.assignment(wanted.email, row) == wanted:
                return row["id"]
        raise DemoError(f"The task service has lost {wanted}")

    def _shows(self, *emails: str) -> Question:
        """Asks whether the task service shows what the ledger says of these people now."""
        wanted = {email: self._ledger.of(email) for email in emails}

        async def is_shown() -> bool:
            for email, assignments in wanted.items():
                user = await self._task.user(self._users[email])
                if {observe.assignment(email, row) for row in user["assignments"]} != assignments:
                    return False
            return True

        return is_shown
