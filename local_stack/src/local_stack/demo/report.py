"""What the demo says at its end."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from local_stack.demo.audit import Audit, EventCount, MailCount, StateCount
from local_stack.demo.choices import ChoiceCount
from local_stack.demo.invitations import InvitationCount
from local_stack.demo.timing import Latencies, percentile
from local_stack.demo.topics import REASSIGNMENTS
from local_stack.paths import StatePaths

MEMORY_GOAL_BYTES = 2_500_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished demo.

    `ready_seconds` is None if the stack ran already; `problem` says why the demo stopped early, if it did.
    """

    audit: Audit
    latencies: Sequence[Latencies]
    resident_bytes: int
    ready_seconds: float | None
    problem: str = ""

    @property
    def is_exact(self) -> bool:
        return self.audit.is_exact and not self.problem


def show(outcome: Outcome, console: Console, paths: StatePaths) -> None:
    """Print the tables, and where to look if something is not exact."""
    audit = outcome.audit
    console.print(_states(audit.states), _mails(audit.mails), _invitations(audit.invitations))
    console.print(_events(audit.events), _choices(audit.choices))
    console.print(_times(outcome.latencies))
    ready = "ran already" if outcome.ready_seconds is None else f"ready after {outcome.ready_seconds:.1f} s"
    memory = outcome.resident_bytes
    console.print(
        f"The stack {ready}; resident memory {memory / 1e9:.2f} GB "
        f"({'within' if memory <= MEMORY_GOAL_BYTES else 'above'} {MEMORY_GOAL_BYTES / 1e9:g} GB)."
    )
    if outcome.is_exact:
        console.print("[green]✔[/] Every count is exact.")
    else:
        for hint in hints(outcome, paths):
            console.print(Text(f"✘ {hint}", "red"))


def hints(outcome: Outcome, paths: StatePaths) -> list[str]:
    """For each thing that is wrong: what, and where to look."""
    audit = outcome.audit
    found = [outcome.problem] if outcome.problem else []
    if not audit.admin_is_right:
        found.append(f"The admin committed something else than what was entered: {paths.log('user-team')}")
    if any(count.lost or count.surplus for count in audit.states):
        logs = f"{paths.log('task-meeting-consumer')}, {paths.log('connect')}"
        found.append(f"The task service does not show what was committed: {logs}")
    if not all(count.is_exact for counts in (audit.mails, audit.invitations) for count in counts):
        logs = f"{paths.log('notification-sender')}, {paths.log('notification-consumer')}"
        found.append(f"The mails are not those that are called for: {logs}")
    if not all(count.is_exact for count in audit.events):
        logs = f"{paths.log('connect')}, {paths.log('task-meeting-api')}, {paths.log('task-meeting-jobs')}"
        found.append(f"The events are not those that are called for: {logs}")
    if not all(count.is_exact for count in audit.choices):
        found.append(
            f"Assignees were chosen otherwise than their proof says: {paths.log('task-meeting-api')}"
        )
    return [
        *found,
        "KEEP=1 make demo leaves the stack running: then make local-status, and ask the services.",
    ]


def _states(counts: Sequence[StateCount]) -> Table:
    table = _table("What is there", "", "wanted", "committed", "in the task service", "lost", "surplus")
    for count in counts:
        numbers = (count.wanted, count.committed, count.shown, count.lost, count.surplus)
        _add(table, count.thing, numbers, exact=count.is_exact)
    return table


def _mails(counts: Sequence[MailCount]) -> Table:
    table = _table(
        "News in the mails", "", "expected", "told", "in digests", "lost", "duplicate", "uncalled for"
    )
    for count in counts:
        numbers = (
            *(count.expected, count.told, count.together),
            *(count.lost, count.duplicate, count.uncalled),
        )
        _add(table, count.kind, numbers, exact=count.is_exact)
    return table


def _invitations(counts: Sequence[InvitationCount]) -> Table:
    table = _table("Calendar objects in the mails", "", "expected", "caught", "lost", "uncalled for")
    for count in counts:
        numbers = (count.expected, count.caught, count.lost, count.uncalled)
        _add(table, count.method, numbers, exact=count.is_exact)
    return table


def _events(counts: Sequence[EventCount]) -> Table:
    table = _table("Events on their topics", "", "expected", "arrived", "lost", "twice", "uncalled for")
    for count in counts:
        numbers = (count.expected, count.arrived, count.lost, count.twice, count.uncalled)
        name = f"{count.topic}, by task" if count.topic == REASSIGNMENTS else count.topic
        _add(table, name, numbers, exact=count.is_exact)
    return table


def _choices(counts: Sequence[ChoiceCount]) -> Table:
    table = _table("Assignees chosen", "", "made", "computed again: otherwise")
    for count in counts:
        _add(table, count.kind, (count.made, count.different), exact=count.is_exact)
    return table


def _add(table: Table, name: str, numbers: Sequence[int], *, exact: bool) -> None:
    table.add_row(f"[green]✔[/] {name}" if exact else f"[red]✘ {name}[/]", *map(str, numbers))


def _times(series: Sequence[Latencies]) -> Table:
    table = _table("Milliseconds from the commit", "", "times", "p50", "p95", "max", "goal for p50")
    for latencies in series:
        numbers = [percentile(latencies.values, percent) for percent in (50, 95, 100)]
        table.add_row(
            latencies.title, str(len(latencies.values)), *(f"{n:.0f}" for n in numbers), _goal(latencies)
        )
    return table


def _goal(latencies: Latencies) -> str:
    if latencies.goal is None:
        return ""
    mark = "[green]✔[/]" if latencies.median <= latencies.goal else "[yellow]missed[/]"
    return f"≤ {latencies.goal:.0f} {mark}"


def _table(title: str, first: str, *numbers: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first, min_width=28)
    for heading in numbers:
        table.add_column(heading, justify="right")
    return table
