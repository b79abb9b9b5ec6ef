"""Composition root of the process that does jobs in the background, and keeps house."""

from service_kit.clock import SystemClock
from service_kit.db import Database
from service_kit.health import Health
from service_kit.http import HttpServer, worker_app
from service_kit.jobs import JobRunner
from service_kit.process import serve
from task_meeting.settings import Settings
from task_meeting.worker import job_runner


async def run_jobs(settings: Settings) -> None:
    """Work until a signal; health and metrics are served beside it."""
    # Two jobs and four schedules at once, and readiness beside them.
    database = Database(settings.database_url, application_name="task_meeting.jobs", pool_size=8)
    worker = job_runner(database, clock=SystemClock())
    server = HttpServer(
        worker_app(_health(database, worker), title="Team Suite: jobs of tasks and meetings"),
        host=settings.api_host,
        port=settings.jobs_port,
        port_variable="TASK_MEETING_JOBS_PORT",
    )
    try:
        await serve(server, worker)
    finally:
        await database.close()


def _health(database: Database, worker: JobRunner) -> Health:
    health = Health()
    health.register("database", database.ping)
    health.register("jobs", worker.check)
    return health
