"""Jobs: what is queued is done, and what comes round is looked at, until the process stops.

The queue is pgqueuer's, in the service's own database; a service that queues jobs depends on pgqueuer, and
makes its tables by a migration (`QueryBuilderEnvironment().build_install_query()`). It holds whose turn it
is, and no more: how far a job is stands in the service's own tables, so a job that a dead worker had goes on
with another one where it was, and one that is taken up twice is done once. pgqueuer's own cron is not used: a
schedule that a dead worker had picked would wait for 30 s, and its clock cannot be moved by tests.

A service with schedules alone needs `service_kit.schedules` only.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

import structlog
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job
from sqlalchemy import text

from service_kit.clock import Clock, pause
from service_kit.db import Database, WriteSession, is_transient
from service_kit.health import Check, NotReadyError
from service_kit.metrics import JOB_RUNS
from service_kit.schedules import STALL_S, Schedule, Scheduler
from service_kit.tracing import current_traceparent, traced

log = structlog.get_logger(__name__)

JobHandler = Callable[[str], Awaitable[bool]]
"""Does a bounded part of the job with this key, in one transaction, and says whether there is more to do.

It may be called twice, also at the same time by two workers. A passing error (`db.is_transient`) is tried
again; after any other one that it raises, the job leaves the queue.
"""

# A worker that says nothing for so long is dead, and its job another one's.
HEARTBEAT_TIMEOUT = timedelta(seconds=10)
# The queue notifies; this is for a notification that got lost.
_POLL = timedelta(seconds=5)
_PAUSE_S = 1.0
# Two jobs at once; pgqueuer wants it to be at least twice the batch.
_BATCH, _AT_ONCE = 1, 2


async def enqueue(session: WriteSession, entrypoint: str, key: str) -> None:
    """Let a worker take up the job when, and only when, the caller's transaction commits.

    pgqueuer writes on the transaction's own connection. One entry for each key: another one is ignored. The
    job belongs to the trace of the work at hand.
    """
    # The driver's transaction begins with SQLAlchemy's first statement, not with its session.
    await session.execute(text("SELECT 1"))
    connection = await (await session.connection()).get_raw_connection()
    queue = Queries.from_asyncpg_connection(connection.driver_connection)  # type: ignore[arg-type]
    trace = current_traceparent()
    headers = {} if trace is None else {"traceparent": trace}
    await queue.enqueue(entrypoint, key.encode(), dedupe_key=key, headers=headers, on_conflict="skip")


class JobRunner:
    """Does jobs and keeps schedules until it is told to stop: a part of `service_kit.process`."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        entrypoints: Mapping[str, JobHandler],
        schedules: Sequence[Schedule] = (),
        check: Check | None = None,
        heartbeat_timeout: timedelta = HEARTBEAT_TIMEOUT,
        stall_s: float = STALL_S,
    ) -> None:
        """It connects to nothing yet.

        `check` raises `NotReadyError` when a job waits that nobody gets on with; `stall_s` is what
        `schedules.Scheduler` takes.
        """
        self._database = database
        self._clock = clock
        self._entrypoints = entrypoints
        self._scheduler = Scheduler(schedules, clock=clock, stall_s=stall_s)
        self._check = check
        self._heartbeat_timeout = heartbeat_timeout
        self._stopping = asyncio.Event()
        self._manager: QueueManager | None = None
        for entrypoint in entrypoints:
            for outcome in ("success", "retry", "failure"):
                JOB_RUNS.labels(entrypoint, outcome)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._scheduler.run())
            group.create_task(self._keep_working())

    def stop(self) -> None:
        self._stopping.set()
        self._scheduler.stop()
        if self._manager is not None:
            self._manager.shutdown.set()

    async def check(self) -> None:
        """Raise `NotReadyError` unless jobs are taken up and get on, and no schedule is late."""
        if self._check is not None:
            await self._check()
        if self._manager is None:
            raise NotReadyError("not connected to the queue")
        await self._scheduler.check()

    async def _keep_working(self) -> None:
        """Work; whenever the connection or the database is lost, begin again."""
        while not self._stopping.is_set():
            try:
                await self._work()
            except Exception as error:
                # What is merely away needs no traceback to be found.
                trace = None if is_transient(error) else error
                log.warning("jobs_interrupted", error=type(error).__name__, exc_info=trace)
                await pause(self._clock, _PAUSE_S, self._stopping)

    async def _work(self) -> None:
        connection = await self._database.connect()
        manager = QueueManager(Queries.from_asyncpg_connection(connection))
        for entrypoint, handler in self._entrypoints.items():
            manager.entrypoint(entrypoint, accepts_context=False)(partial(self._do, handler))
        connection.add_termination_listener(lambda _connection: manager.shutdown.set())
        self._manager = manager
        if self._stopping.is_set():  # while it was connecting
            manager.shutdown.set()
        try:
            await manager.run(
                dequeue_timeout=_POLL,
                batch_size=_BATCH,
                max_concurrent_tasks=_AT_ONCE,
                shutdown_on_listener_failure=True,
                heartbeat_timeout=self._heartbeat_timeout,
            )
        finally:
            self._manager = None
            await connection.close(timeout=1)

    async def _do(self, handler: JobHandler, entry: Job) -> None:
        """Do a job to its end. Raises `RetryRequested` when it shall go on later."""
        outcome = "failure"
        try:
            with traced(_traceparent(entry)):
                await self._do_all(handler, (entry.payload or b"").decode())
            outcome = "success"
        except RetryRequested:
            outcome = "retry"
            raise
        finally:
            JOB_RUNS.labels(entry.entrypoint, outcome).inc()

    async def _do_all(self, handler: JobHandler, key: str) -> None:
        while not self._stopping.is_set():
            try:
                more = await handler(key)
            except Exception as error:
                if not is_transient(error):
                    raise
                raise RetryRequested(timedelta(seconds=_PAUSE_S), type(error).__name__) from error
            if not more:
                return
        raise RetryRequested(reason="the worker stops")


def _traceparent(entry: Job) -> str | None:
    value = (entry.headers or {}).get("traceparent")
    return value if isinstance(value, str) else None
