"""Making a single change while looking at the task service, and following its mail."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local_stack.demo.errors import DemoError
from local_stack.demo.script import Change
from local_stack.demo.services import Notifier, TaskService
from local_stack.demo.timing import Latencies, moment

ARRIVAL_SECONDS = 30.0
"""After this, what is not there counts as lost."""
VISIBLE_GOAL_MS = 25.0
MAIL_GOAL_MS = 60.0
_LOOK_SECONDS = 0.004
"""Not less: the questions take processor time from what they measure."""
_MAIL_LOOK_SECONDS = 0.02


def _steps() -> Mapping[str, Latencies]:
    """Where a change was on its way to the API, by the names that the trace has for it."""
    return {
        "captured_at": Latencies("  read by Debezium"),
        "published_at": Latencies("  in Kafka"),
        "applied_at": Latencies("  taken by the task service"),
    }


@dataclass(frozen=True, slots=True)
class Meter:
    """Makes changes and keeps their times."""

    task: TaskService
    notifier: Notifier
    visible: Latencies = field(
        default_factory=lambda: Latencies("a change → visible in the API", VISIBLE_GOAL_MS)
    )
    steps: Mapping[str, Latencies] = field(default_factory=_steps)
    mailed: Latencies = field(default_factory=lambda: Latencies("a change → mail accepted", MAIL_GOAL_MS))

    async def make(self, change: Change) -> None:
        """Send a prepared change, and wait until it is visible and its mail was accepted.

        The task service is asked again and again already while the form is sent, for the commit comes before
        the admin's answer.

        Raises:
            DemoError: the change did not arrive in time.
        """
        watching = asyncio.create_task(_first_time(change.is_shown, _LOOK_SECONDS))
        try:
            created = await change.editor.save(change.values)
            seen_at = await watching
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError, DemoError):
                await watching
        number = change.assignment or created
        assert number is not None, "only a new row gets its id from the saved page"
        trace = await self.task.trace(number)
        committed_at = moment(trace, "committed_at")
        self.visible.add(committed_at, seen_at)
        for step, latencies in self.steps.items():
            latencies.add(committed_at, moment(trace, step))
        if change.mail:
            await self._follow_mail(number, change.mail)
        await _first_time(change.is_complete, _LOOK_SECONDS)

    async def _follow_mail(self, number: int, kind: str) -> None:
        async def accepted() -> bool:
            return bool(await self.notifier.mails(assignment_id=number, kind=kind, state="accepted"))

        await _first_time(accepted, _MAIL_LOOK_SECONDS)
        (mail,) = await self.notifier.mails(assignment_id=number, kind=kind)
        self.mailed.add(moment(mail, "committed_at"), moment(mail, "accepted_at"))


async def _first_time(condition: Callable[[], Awaitable[bool]], pause: float) -> datetime:
    """Ask until the answer is yes; returns when that answer had arrived.

    Raises:
        DemoError: it never was.
    """
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while not await condition():
        if time.monotonic() > deadline:
            raise DemoError(f"not there after {ARRIVAL_SECONDS:g} s")
        await asyncio.sleep(pause)
    return datetime.now(UTC)
