"""A day's work: one of the company's people gets a password, signs in, works, meets others, and leaves."""

import secrets
import time
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console

from local_stack.demo.company import Company
from local_stack.demo.doors import Doors
from local_stack.demo.errors import DemoError
from local_stack.demo.eventbook import EventBook
from local_stack.demo.ledger import ACCESS_CHANGED, REMINDED, Ledger
from local_stack.demo.meetingwork import Meetingwork
from local_stack.demo.observe import Shown
from local_stack.demo.script import Place, Script
from local_stack.demo.taskwork import Site, Taskwork
from local_stack.demo.timing import Latencies

_PERSON = "users/user"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Workday:
    """One day in the project where most people may get a task."""

    doors: Doors
    company: Company
    ledger: Ledger
    shown: Shown
    book: EventBook
    console: Console
    invited: Latencies
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    async def run(self, rounds: int) -> Taskwork:
        """Do all of it; returns the work on the tasks.

        Raises:
            DemoError: something is refused, or is not refused that should be.
        """
        project, eligible = max(self._employees().items(), key=_by_size)
        email = min(eligible)
        username, number = self.company.usernames[email], await self._number_of(email)
        await self.doors.admin.give_password(number, self.password)
        worker, meetings = await self.doors.desk_of(username, self.password)
        site = Site(
            self.shown.projects[project],
            sorted(self.shown.users[it] for it in eligible),
            self.shown.users[email],
        )
        work = Taskwork(self.doors.tasks, worker, site, self.book)
        await self._work(work, rounds, username, project)
        organizer = Meetingwork(meetings, self.doors.notifier, self.ledger, self.book, self.invited)
        await self._meet(organizer, project, email)
        await self._dismiss(email, username, number)
        return work

    async def _work(self, work: Taskwork, rounds: int, username: str, project: str) -> None:
        self.console.print(f"Signed in to the APIs with a token, as the administrator and as {username}:")
        for number in range(1, rounds + 1):
            await work.give_out(number)
            await work.finish(number)
        await self._remind(work, project)
        people = len(work.site.eligible)
        self.console.print(
            f"  {project}: {3 * rounds} tasks created, {rounds} of them for one of {people} by choice, and"
            f" {rounds} completed, each twice"
        )
        begin = time.monotonic()
        job = await work.reassign()
        self.console.print(
            f"  all {job['total']} open ones reassigned by a job, asked for twice: {job['reassigned']} after"
            f" {(time.monotonic() - begin) * 1000:.0f} ms"
        )

    async def _remind(self, work: Taskwork, busy: str) -> None:
        """Of a task in another project, whose tasks nobody shares out anew."""
        project, people = max((it for it in self._employees().items() if it[0] != busy), key=_by_size)
        email = min(people)
        task = await work.remind(self.shown.projects[project], self.shown.users[email])
        self.book.reminded(task, "task_hour_before", email)
        self.ledger.mails[email, REMINDED] += 1
        self.console.print(f"  {project}: a task is due within the hour, and one that was due then is done")

    async def _meet(self, work: Meetingwork, project: str, organizer: str) -> None:
        """A meeting of a team, which somebody comes into; and one of some people, which comes to nothing."""
        place, members = self._largest_team(project)
        guests, oid = members - {organizer}, self.shown.projects[project]
        team = await self._oid_of_team(oid, place[1])
        meeting = await work.schedule(guests, title="Итоги квартала", project_oid=oid, team_oid=team)
        newcomer = min({person.email for person in self.ledger.people} - members - {organizer})
        change = await Script(self.doors.admin, self.doors.task, self.ledger, self.shown).add(
            "New member", newcomer, place
        )
        await change.editor.save(change.values)
        await work.welcome(meeting, newcomer, sequence=1)
        await work.move(meeting, guests | {newcomer}, sequence=2)
        few = sorted(guests)[:3]
        other = await work.schedule(
            few,
            title="Who has the keys?",
            project_oid=oid,
            attendee_oids=[self.shown.users[it] for it in few],
        )
        await work.cancel(other, few, sequence=1)
        self.console.print(
            f"  {' / '.join(place)}: a meeting of {len(guests) + 1}, then of one more who came into it,"
            f" then at another hour; and one of {len(few) + 1}, which was cancelled"
        )

    async def _dismiss(self, email: str, username: str, number: str) -> None:
        """Whoever is not active any more gets no other token."""
        editor = await self.doors.admin.open_change(_PERSON, number)
        await editor.save({"is_active": None})
        self.book.account(email, "account.updated.v1")
        self.ledger.mails[email, ACCESS_CHANGED] += 1
        if await self.doors.lets_in(username, self.password):
            raise DemoError(f"{username} is not active any more, and still gets a token")
        self.console.print(f"  {username} is not active any more, and gets no other token")

    def _employees(self) -> dict[str, set[str]]:
        """Per project, the addresses of those who may get its tasks: neither managers nor administrators."""
        employees = {person.email for person in self.ledger.people if person.role == "employee"}
        found: dict[str, set[str]] = {}
        for assignment in self.ledger.assignments:
            if assignment.email in employees:
                found.setdefault(assignment.project, set()).add(assignment.email)
        return found

    def _largest_team(self, project: str) -> tuple[Place, set[str]]:
        """Its place, and the addresses of who is in it."""
        teams: dict[Place, set[str]] = {}
        for it in self.ledger.assignments:
            if it.project == project and it.team:
                teams.setdefault((project, it.team), set()).add(it.email)
        return max(teams.items(), key=_by_size)

    async def _oid_of_team(self, project: str, name: str) -> str:
        teams = await self.doors.task.teams()
        return next(it["oid"] for it in teams if (it["project_oid"], it["name"]) == (project, name))

    async def _number_of(self, email: str) -> str:
        name = next(person.name for person in self.ledger.people if person.email == email)
        return await self.doors.admin.choose("user", email, name)


def _by_size(item: tuple[T, set[str]]) -> tuple[int, T]:
    """Of sets by their names: the largest last."""
    return len(item[1]), item[0]
