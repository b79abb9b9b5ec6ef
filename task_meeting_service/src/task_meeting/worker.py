"""The edge to the queue of jobs: takes them up, and starts again whatever becomes of the connection.

pgqueuer holds whose turn it is; how far a job is stands in the job's own row. So a job that a dead worker had
goes on with another one where it was, and one that is taken up twice is done once.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog
from pgqueuer import PgQueuer
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job, Schedule

from service_kit.clock import Clock
from service_kit.db import Database, is_transient
from service_kit.health import NotReadyError
from service_kit.http.idempotency import forget_old
from service_kit.tracing import traced
from task_meeting.metrics import REASSIGN_STALLED_SECONDS
from task_meeting.queries import reassigning as queries
from task_meeting.service.reassigning.working import fail, work_chunk

log = structlog.get_logger(__name__)
EVERY_MINUTE = "* * * * *"
IDEMPOTENCY_KEYS_LAST = timedelta(hours=24)

# A worker that says nothing for so long is dead, and its job another one's.
HEARTBEAT_TIMEOUT = timedelta(seconds=10)
# How long a job may wait, or be without progress.
STALL_S = 60.0
# The queue notifies; this is for a notification that got lost.
_POLL = timedelta(seconds=5)
_PAUSE_S = 1.0
# Two jobs at once; pgqueuer wants it to be at least twice the batch.
_BATCH, _AT_ONCE = 1, 2


class JobWorker:
    """Does jobs until it is told to stop: a part of `service_kit.process`."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        heartbeat_timeout: timedelta = HEARTBEAT_TIMEOUT,
        stall_s: float = STALL_S,
    ) -> None:
        """It connects to nothing yet. `stall_s` is in seconds."""
        self._database = database
        self._clock = clock
        self._heartbeat_timeout = heartbeat_timeout
        self._stall_s = stall_s
        self._stopping = asyncio.Event()
        self._manager: PgQueuer | None = None

    async def run(self) -> None:
        """Work; whenever the connection or the database is lost, begin again."""
        while not self._stopping.is_set():
            try:
                await self._work()
            except Exception as error:
                # What is merely away needs no traceback to be found.
                trace = None if is_transient(error) else error
                log.warning("jobs_interrupted", error=type(error).__name__, exc_info=trace)
                await self._pause()

    def stop(self) -> None:
        self._stopping.set()
        if self._manager is not None:
            self._manager.shutdown.set()

    async def check(self) -> None:
        """Raise `NotReadyError` unless jobs are taken up and get on."""
        async with self._database.read() as session:
            stalled_s = await queries.stalled_seconds(session)
        REASSIGN_STALLED_SECONDS.set(stalled_s)
        if stalled_s > self._stall_s:
            raise NotReadyError(f"a job has been waiting for {stalled_s:.0f} s, and none gets on")
        if self._manager is None:
            raise NotReadyError("not connected to the queue")

    async def _work(self) -> None:
        connection = await self._database.connect()
        manager = PgQueuer.from_asyncpg_connection(connection)
        manager.entrypoint(queries.ENTRYPOINT)(self.reassign)
        manager.schedule("keep_house", EVERY_MINUTE)(self.keep_house)
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

    async def _pause(self) -> None:
        waiting = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([waiting], timeout=_PAUSE_S)
        waiting.cancel()

    async def reassign(self, entry: Job) -> None:
        """Do a job of reassigning to its end. Raises `RetryRequested` when it shall go on later."""
        job_oid = UUID((entry.payload or b"").decode())
        with traced(_traceparent(entry)):
            try:
                finished = await self._reassign(job_oid)
            except Exception as error:
                if is_transient(error):
                    raise RetryRequested(timedelta(seconds=_PAUSE_S), type(error).__name__) from error
                log.exception("reassign_failed", job=str(job_oid))
                await fail(self._database, job_oid, "The service failed. Its logs say why.")
                return
        if not finished:
            raise RetryRequested(reason="the worker stops")

    async def _reassign(self, job_oid: UUID) -> bool:
        while not self._stopping.is_set():
            if not await work_chunk(self._database, job_oid):
                return True
        return False

    async def keep_house(self, _schedule: Schedule) -> None:
        """Forget what was promised for a while only, and put lost jobs back into the queue."""
        async with self._database.transaction() as session:
            forgotten = await forget_old(session, self._clock.now() - IDEMPOTENCY_KEYS_LAST)
            lost = await queries.list_lost(session)
            for job_oid in lost:
                await queries.enqueue(session, job_oid)
        if forgotten or lost:
            log.info("house_kept", idempotency_keys_forgotten=forgotten, jobs_enqueued_again=len(lost))


def _traceparent(entry: Job) -> str | None:
    value = (entry.headers or {}).get("traceparent")
    return value if isinstance(value, str) else None
