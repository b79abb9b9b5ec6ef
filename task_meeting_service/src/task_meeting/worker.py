"""The edge to jobs and to time: which jobs there are, and what is looked at how often."""

from datetime import timedelta
from functools import partial
from typing import get_args
from uuid import UUID

import structlog

from service_kit.clock import Clock
from service_kit.db import Database, is_transient
from service_kit.health import NotReadyError
from service_kit.http.idempotency import forget_old
from service_kit.jobs import HEARTBEAT_TIMEOUT, JobRunner
from service_kit.schedules import Schedule
from task_meeting.events import ReminderKind
from task_meeting.metrics import REASSIGN_STALLED_SECONDS, REMINDERS_LATE_SECONDS, REMINDERS_SENT
from task_meeting.queries import reassigning as queries
from task_meeting.queries import reminders
from task_meeting.service.meetings.occurring import continue_series
from task_meeting.service.reassigning.working import fail, work_chunk
from task_meeting.service.reminding.meetings import remind_of_meetings
from task_meeting.service.reminding.tasks import remind_of_tasks

log = structlog.get_logger(__name__)
IDEMPOTENCY_KEYS_LAST = timedelta(hours=24)
# Far longer than the same reminder could be due again.
REMINDERS_LAST = timedelta(days=30)
LOOK_FOR_REMINDERS = timedelta(seconds=5)
# How long a job may wait, or be without progress.
STALL_S = 60.0


def job_runner(
    database: Database, *, clock: Clock, heartbeat_timeout: timedelta = HEARTBEAT_TIMEOUT
) -> JobRunner:
    """All that this service does in the background; it connects to nothing yet."""
    work = Work(database, clock)
    return JobRunner(
        database,
        clock=clock,
        entrypoints={queries.ENTRYPOINT: work.reassign},
        schedules=[
            Schedule("task_reminders", LOOK_FOR_REMINDERS, partial(remind_of_tasks, database, clock)),
            Schedule("meeting_reminders", LOOK_FOR_REMINDERS, partial(remind_of_meetings, database, clock)),
            Schedule("continue_series", timedelta(hours=1), work.continue_series),
            Schedule("keep_house", timedelta(minutes=1), work.keep_house),
        ],
        check=work.check,
        heartbeat_timeout=heartbeat_timeout,
    )


class Work:
    """What is done for a job, and at each look."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        for kind in get_args(ReminderKind):
            REMINDERS_SENT.labels(kind)

    async def check(self) -> None:
        """Raise `NotReadyError` for a job that nobody gets on with; measures what waits."""
        async with self._database.read() as session:
            stalled_s = await queries.stalled_seconds(session)
            oldest = await reminders.oldest_due(session)
        late = timedelta(0) if oldest is None else self._clock.now() - oldest
        REMINDERS_LATE_SECONDS.set(max(late.total_seconds(), 0))
        REASSIGN_STALLED_SECONDS.set(stalled_s)
        if stalled_s > STALL_S:
            raise NotReadyError(f"a job has been waiting for {stalled_s:.0f} s, and none gets on")

    async def reassign(self, key: str) -> bool:
        """Do the next chunk of a job of reassigning; one that cannot go on fails, and says so."""
        job_oid = UUID(key)
        try:
            return await work_chunk(self._database, job_oid)
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("reassign_failed", job=key)
            await fail(self._database, job_oid, "The service failed. Its logs say why.")
            return False

    async def continue_series(self) -> bool:
        """Write when endless series of meetings take place next."""
        async with self._database.transaction() as session:
            continued = await continue_series(session, self._clock.now())
        if continued:
            log.info("series_continued", meetings=continued)
        return bool(continued)

    async def keep_house(self) -> bool:
        """Forget what was promised for a while only, and put lost jobs back into the queue."""
        async with self._database.transaction() as session:
            forgotten = await forget_old(session, self._clock.now() - IDEMPOTENCY_KEYS_LAST)
            await reminders.forget_old(session, self._clock.now() - REMINDERS_LAST)
            lost = await queries.list_lost(session)
            for job_oid in lost:
                await queries.enqueue(session, job_oid)
        if forgotten or lost:
            log.info("house_kept", idempotency_keys_forgotten=forgotten, jobs_enqueued_again=len(lost))
        return False
