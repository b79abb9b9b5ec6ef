"""A day's work: one of the company's people gets a password, signs in, works on tasks, and leaves."""

import secrets
import time
from dataclasses import dataclass, field

from rich.console import Console

from local_stack.demo.company import Company
from local_stack.demo.doors import Doors
from local_stack.demo.errors import DemoError
from local_stack.demo.eventbook import EventBook
from local_stack.demo.ledger import Ledger
from local_stack.demo.observe import Shown
from local_stack.demo.taskwork import Site, Taskwork

_PERSON = "users/user"


@dataclass(frozen=True, slots=True)
class Workday:
    """One day in the project where most people may get a task."""

    doors: Doors
    company: Company
    ledger: Ledger
    shown: Shown
    book: EventBook
    console: Console
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    async def run(self, rounds: int) -> Taskwork:
        """Do all of it; returns the work on the tasks.

        Raises:
            DemoError: something is refused, or is not refused that should be.
        """
        project, eligible = max(self._employees().items(), key=lambda item: (len(item[1]), item[0]))
        email = min(eligible)
        username, number = self.company.usernames[email], await self._number_of(email)
        await self.doors.admin.give_password(number, self.password)
        worker = await self.doors.tasks_of(username, self.password)
        site = Site(
            self.shown.projects[project],
            sorted(self.shown.users[it] for it in eligible),
            self.shown.users[email],
        )
        work = Taskwork(self.doors.tasks, worker, site, self.book)
        await self._work(work, rounds, username, project)
        await self._dismiss(email, username, number)
        return work

    async def _work(self, work: Taskwork, rounds: int, username: str, project: str) -> None:
        self.console.print(f"Signed in to the APIs with a token, as the administrator and as {username}:")
        for number in range(1, rounds + 1):
            await work.give_out(number)
            await work.finish(number)
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

    async def _dismiss(self, email: str, username: str, number: str) -> None:
        """Whoever is not active any more gets no other token."""
        editor = await self.doors.admin.open_change(_PERSON, number)
        await editor.save({"is_active": None})
        self.book.account(email, "account.updated.v1")
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

    async def _number_of(self, email: str) -> str:
        name = next(person.name for person in self.ledger.people if person.email == email)
        return await self.doors.admin.choose("user", email, name)
