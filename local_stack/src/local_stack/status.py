"""`status`: one picture of the processes and of what flows through them."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import TypeVar

import psutil
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from local_stack.environment import Context
from local_stack.lock import is_running
from local_stack.measure import Measured, Report, measure
from local_stack.processes import Identity
from local_stack.state import PartPhase, PartState, StackPhase, StackState

T = TypeVar("T")
_REFRESH_SECONDS = 2.0
_COLORS = {
    PartPhase.READY: "green",
    PartPhase.DONE: "dim",
    PartPhase.FAILED: "red",
    PartPhase.BACKOFF: "red",
}


def current(context: Context) -> StackState | None:
    """The stack's state if it runs; one whose supervisor is gone does not."""
    return StackState.load(context.paths.state) if is_running(context.paths) else None


def show(context: Context, console: Console, *, once: bool, as_json: bool) -> int:
    """Print the status, and go on printing unless `once`. The exit code is 1 if the stack is not ready."""
    state = current(context)
    if state is None:
        console.print(json.dumps({"phase": StackPhase.STOPPED}) if as_json else "The stack is not running.")
        return 1
    if as_json:
        console.print_json(json.dumps(asdict(state) | {"flow": asdict(asyncio.run(measure(context)))}))
    elif once or not console.is_terminal:
        console.print(_picture(context, state))
    else:
        _watch(context, console)
    return int(state.phase is not StackPhase.READY)


def _watch(context: Context, console: Console) -> None:
    with suppress(KeyboardInterrupt), Live(console=console, auto_refresh=False) as live:
        while state := current(context):
            live.update(_picture(context, state), refresh=True)
            time.sleep(_REFRESH_SECONDS)


def _picture(context: Context, state: StackState) -> Group:
    report = asyncio.run(measure(context))
    return Group(_processes(state), _flow(report))


def _processes(state: StackState) -> Table:
    table = Table(title=f"Stack: {state.phase}", title_justify="left")
    for heading in ("part", "state", "pid", "for", "memory", "restarts"):
        table.add_column(heading)
    for part in state.parts.values():
        if part.phase is not PartPhase.DONE:
            table.add_row(part.title, *_process_cells(part))
    return table


def _process_cells(part: PartState) -> tuple[Text | str, ...]:
    phase = Text(f"{part.phase} {part.detail}".strip(), style=_COLORS.get(part.phase, "yellow"))
    if part.process is None:
        return phase, "", "", "", str(part.restarts)
    memory = f"{memory_bytes(part.process) >> 20} MB"
    return phase, str(part.process.pid), _duration(time.time() - part.since), memory, str(part.restarts)


def memory_bytes(leader: Identity) -> int:
    """Resident memory of a process and its descendants."""
    try:
        process = psutil.Process(leader.pid)
        family = [process, *process.children(recursive=True)]
        return sum(member.memory_info().rss for member in family)
    except psutil.NoSuchProcess:
        return 0


def _flow(report: Report) -> Table:
    table = Table(title="Flow", title_justify="left", show_header=False)
    _each(table, "connectors", report.connectors, lambda it: f"{it.connector}, task {it.task}")
    _each(table, "slots", report.slots, lambda it: f"lag {it.lag_bytes} bytes, WAL {it.wal_status}")
    table.add_row("last heartbeat", _cell(report.heartbeat_age, lambda age: f"{age:.1f} s ago"))
    for lag in report.consumers.value or ():
        table.add_row(f"lag of {lag.group}", f"{lag.messages} messages, {lag.age_seconds:.1f} s")
    if report.consumers.problem:
        table.add_row("consumers", _cell(report.consumers, str))
    table.add_row("parked events", _cell(report.parked, _counts))
    table.add_row("mails", _cell(report.mails, _counts))
    return table


def _each(table: Table, what: str, measured: Measured[Mapping[str, T]], text: Callable[[T], str]) -> None:
    """A row for each by its name, or one that says why there is none."""
    for name, value in (measured.value or {}).items():
        table.add_row(name, text(value))
    if measured.problem:
        table.add_row(what, Text(measured.problem, style="red"))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(counts.items())) or "none"


def _cell(measured: Measured[T], text: Callable[[T], str]) -> Text:
    if measured.value is None:
        return Text(measured.problem, style="red")
    return Text(text(measured.value))


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s"
