"""Work that comes round: each process looks every so often at what is due, and does it.

A schedule keeps no state of its own, so a process that dies leaves nothing behind that others would have to
wait for: what is due stands in the service's tables, and the next look of any process finds it. Several
processes look side by side; what must happen once is made so by the handler's transaction (a row that is
locked, a unique index), never by whose turn it is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from service_kit.clock import Clock, pause
from service_kit.db import is_transient
from service_kit.health import NotReadyError
from service_kit.metrics import SCHEDULE_RUNS, SCHEDULE_SUCCEEDED

log = structlog.get_logger(__name__)

# How late a schedule may be.
STALL_S = 60.0
# A failure is tried again soon, however seldom the schedule comes round.
_RETRY_S = 30.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is looked at every so often; the first time at once.

    `handler` does a bounded part of what is due, in one transaction, and says whether there may be more:
    then it is called again at once. Whatever it does must be right when it is done twice, also at the same
    time by two processes. What it raises is logged and counted, and it is called again.
    """

    name: str
    every: timedelta
    handler: Callable[[], Awaitable[bool]]


class Scheduler:
    """Keeps schedules until it is told to stop: a part of `service_kit.process`."""

    def __init__(self, schedules: Sequence[Schedule], *, clock: Clock, stall_s: float = STALL_S) -> None:
        """`stall_s`: how many seconds a schedule may be late before readiness says so."""
        self._schedules = schedules
        self._clock = clock
        self._stall_s = stall_s
        self._stopping = asyncio.Event()
        self._due_s = {it.name: clock.monotonic() for it in schedules}
        for it in schedules:
            SCHEDULE_SUCCEEDED.labels(it.name).set(clock.now().timestamp())
            for outcome in ("success", "failure"):
                SCHEDULE_RUNS.labels(it.name, outcome)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for schedule in self._schedules:
                group.create_task(self._keep(schedule))

    def stop(self) -> None:
        self._stopping.set()

    async def check(self) -> None:
        """Raise `NotReadyError` for a schedule that should have succeeded long ago."""
        for name, due_s in self._due_s.items():
            late_s = self._clock.monotonic() - due_s
            if late_s > self._stall_s:
                raise NotReadyError(f"{name} is {late_s:.0f} s late")

    async def _keep(self, schedule: Schedule) -> None:
        while not self._stopping.is_set():
            seconds = await self._turn(schedule)
            await pause(self._clock, seconds, self._stopping)

    async def _turn(self, schedule: Schedule) -> float:
        """Do what is due, and say in how many seconds to look again."""
        every_s = schedule.every.total_seconds()
        try:
            while await schedule.handler():
                self._succeeded(schedule.name, every_s)
                if self._stopping.is_set():
                    return 0
        except Exception as error:
            # What is merely away needs no traceback to be found.
            trace = None if is_transient(error) else error
            log.warning("schedule_failed", schedule=schedule.name, error=type(error).__name__, exc_info=trace)
            SCHEDULE_RUNS.labels(schedule.name, "failure").inc()
            return min(every_s, _RETRY_S)
        self._succeeded(schedule.name, every_s)
        return every_s

    def _succeeded(self, name: str, every_s: float) -> None:
        self._due_s[name] = self._clock.monotonic() + every_s
        SCHEDULE_RUNS.labels(name, "success").inc()
        SCHEDULE_SUCCEEDED.labels(name).set(self._clock.now().timestamp())
