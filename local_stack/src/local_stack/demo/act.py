"""The demo's course: sign in, import the company, change it, work on tasks, compare."""

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx2
from rich.console import Console

from local_stack.demo import observe, stack
from local_stack.demo.audit import Audit, compare, count_events
from local_stack.demo.company import Company
from local_stack.demo.doors import Doors, connected
from local_stack.demo.errors import DemoError
from local_stack.demo.eventbook import EventBook
from local_stack.demo.ledger import Ledger
from local_stack.demo.measure import ARRIVAL_SECONDS, Meter
from local_stack.demo.observe import Shown
from local_stack.demo.report import Outcome
from local_stack.demo.script import Script
from local_stack.demo.services import Json
from local_stack.demo.timing import Latencies, moment
from local_stack.demo.topics import TASKS
from local_stack.demo.workday import Workday
from local_stack.environment import Context
from local_stack.paths import ROOT

if TYPE_CHECKING:
    from local_stack.demo.taskwork import Taskwork

COMPANY = ROOT / "examples" / "company"
ROUNDS = 8
"""How often each of the five changes, and of the acts with tasks, is made: a p95 has to mean something."""

_LOOK_SECONDS = 0.2
_TOGETHER_SECONDS = 70.0
"""News that comes thick and fast to one person is put together for a minute."""
_QUIET_SECONDS = 1.0
"""How long is waited at the end for mails that should not come."""


async def perform(context: Context, console: Console, ready_seconds: float | None) -> Outcome:
    """Do everything on a stack that is ready.

    Raises:
        DemoError: the sign-in or the import is refused, or a service does not answer, so that nothing can
            be counted.
    """
    try:
        async with connected(context) as doors:
            play = Play(doors, console)
            await play.sign_in(context)
            await play.import_company()
            problem = await play.make_changes() or await play.work()
            audit = await play.settle()
    except httpx2.HTTPError as error:
        raise DemoError(f"{error.request.url}: {error!r}\nThe logs are in {context.paths.logs}") from error
    memory = stack.resident_bytes(context)
    return Outcome(audit, play.latencies, memory, ready_seconds, problem)


class Play:
    """One performance, and what is known in its course."""

    def __init__(self, doors: Doors, console: Console) -> None:
        self._doors = doors
        self._console = console
        self._begin = datetime.now(UTC)
        self._book = EventBook()
        self._taskwork: Taskwork | None = None
        self._shown: Shown | None = None
        self._meter = Meter(doors.task, doors.notifier)
        self._invited = Latencies("a meeting → mail accepted")
        self._import_shown = Latencies("the import → taken by the service")
        self._import_mailed = Latencies("the import → mail accepted")

    @property
    def latencies(self) -> list[Latencies]:
        meter = self._meter
        of_import = (self._import_shown, self._import_mailed)
        return [meter.visible, *meter.steps.values(), meter.mailed, *of_import, self._invited, self._told]

    @property
    def _told(self) -> Latencies:
        told = Latencies("a task → its event is read")
        for event in self._book.ours(self._doors.events.of(TASKS)):
            told.add(event.created_at, event.seen_at)
        return told

    async def sign_in(self, context: Context) -> None:
        values = context.exported
        username = values["DJANGO_SUPERUSER_USERNAME"]
        await self._doors.admin.sign_in(username, values["DJANGO_SUPERUSER_PASSWORD"])
        self._console.print(f"Signed in to the admin as {username}.")

    async def import_company(self) -> None:
        """Import the files one after the other.

        On a stack that had the company before, a copy with names of its own is imported: so each run makes,
        counts and mails the same, and nothing that somebody did with an earlier copy can disturb it.
        """
        self._company = await self._vacant_copy(Company.read(COMPANY))
        self._console.print(f"Importing the company “{self._company.organization}”:")
        for table in self._company.tables.values():
            begin = time.monotonic()
            report = await self._doors.admin.import_csv(table.model, table.name, table.content)
            told = ", ".join(f"{count} {kind}" for kind, count in sorted(report.items()))
            self._console.print(f"  {table.name}: {told} ({time.monotonic() - begin:.1f} s)")
        self._ledger = Ledger(self._company.people)
        self._ledger.assign(self._company.assignments)
        for person in self._company.people:
            self._book.account(person.email, "account.created.v1")

    async def _vacant_copy(self, company: Company) -> Company:
        names = {line["name"] for line in await self._doors.admin.export_csv("users/organization")}
        number = 1
        while (copy := company.numbered(number)).organization in names:
            number += 1
        return copy

    async def make_changes(self) -> str:
        """Make the single changes, once the import has arrived. Returns why it could not, if so."""
        shown = await self._arrival()
        if shown is None:
            return f"The import has not arrived in the task service after {ARRIVAL_SECONDS:g} s."
        await self._time_import(shown)
        self._shown = shown
        script = Script(self._doors.admin, self._doors.task, self._ledger, shown)
        try:
            for number in range(ROUNDS):
                await self._round(script, tell=number == 0)
        except DemoError as error:
            return str(error)
        self._console.print(f"  … and each of them {ROUNDS - 1} more times.")
        return ""

    async def work(self) -> str:
        """Work on tasks. Returns why that could not go on, if so."""
        assert self._shown is not None, "work begins when the import has arrived"
        day = Workday(
            *(self._doors, self._company, self._ledger, self._shown, self._book, self._console, self._invited)
        )
        try:
            self._taskwork = await day.run(ROUNDS)
        except DemoError as error:
            return str(error)
        return ""

    async def _round(self, script: Script, *, tell: bool) -> None:
        for prepare in script.round():
            change = await prepare()
            try:
                await self._meter.make(change)
            except DemoError as error:
                raise DemoError(f"{change.title}: {error}") from error
            if tell:
                mail = f"mail {self._meter.mailed.values[-1]:.0f} ms" if change.mail else "no mail"
                times = f"visible {self._meter.visible.values[-1]:.0f} ms, {mail} after the commit"
                self._console.print(f"  {change.title}: {change.about}: {times}")

    async def settle(self) -> Audit:
        """Wait until all is there, and a moment longer for what should not come; then count."""
        begin = time.monotonic()
        result = await self._count()
        while not result.is_exact and time.monotonic() - begin < await self._patience():
            await asyncio.sleep(_LOOK_SECONDS)
            result = await self._count()
        if result.is_exact:
            await asyncio.sleep(_QUIET_SECONDS)
            result = await self._count()
        return result

    async def _patience(self) -> float:
        """For how many seconds what is missing may still come."""
        waiting = await self._doors.notifier.mails(kind="digest", state="queued")
        return ARRIVAL_SECONDS + (_TOGETHER_SECONDS if waiting else 0)

    async def _count(self) -> Audit:
        doors, emails = self._doors, {person.email for person in self._company.people}
        return compare(
            self._ledger,
            await observe.committed(doors.admin, self._company.organization),
            (await observe.shown(doors.task, emails)).picture,
            await doors.catcher.mails_since(self._begin),
            await doors.notifier.mails(),
            arrived=doors.events.events,
            oids=self._shown.users if self._shown else {},
            events=count_events(self._book, doors.events.events),
            choices=self._taskwork.counts(doors.events.events) if self._taskwork else [],
        )

    async def _arrival(self) -> Shown | None:
        """Wait until the task service shows the imported company."""
        emails = {person.email for person in self._company.people}
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while time.monotonic() < deadline:
            shown = await observe.shown(self._doors.task, emails)
            if shown.picture == self._ledger.picture:
                return shown
            await asyncio.sleep(_LOOK_SECONDS)
        return None

    async def _time_import(self, shown: Shown) -> None:
        for number in shown.assignments:
            trace = await self._doors.task.trace(number)
            self._import_shown.add(moment(trace, "committed_at"), moment(trace, "applied_at"))
        for mail in await self._mails_of_import(shown):
            self._import_mailed.add(moment(mail, "committed_at"), moment(mail, "accepted_at"))

    async def _mails_of_import(self, shown: Shown) -> list[Json]:
        """The accepted mails about the import: all of them, or those that are there in time."""
        imported = set(shown.assignments)
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while True:
            records = {mail["id"]: mail for mail in await self._doors.notifier.mails()}
            ours = [mail for mail in records.values() if mail["assignment_id"] in imported]
            # What several rows say to one person comes in one mail.
            carriers = [records.get(mail["digest_id"] or "", mail) for mail in ours]
            accepted = [mail for mail in carriers if mail["state"] == "accepted"]
            if len(accepted) >= len(imported) or time.monotonic() > deadline:
                times = [(mail, it["accepted_at"]) for mail, it in zip(ours, carriers, strict=True)]
                return [{**mail, "accepted_at": at} for mail, at in times if at]
            await asyncio.sleep(_LOOK_SECONDS)
