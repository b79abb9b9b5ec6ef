"""Our own services, the topics and the connector: everything above the infrastructure.

One table. A service that is added to the suite is a line here.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import httpx2

from local_stack.environment import HOST
from local_stack.parts import Plan, Process, Run, Step
from local_stack.paths import ROOT
from local_stack.processes import Command
from local_stack.state import Scope

if TYPE_CHECKING:
    from local_stack.environment import Context

_PROBE_TIMEOUT_SECONDS = 3.0


def _python(context: "Context", arguments: Sequence[str]) -> Command:
    return Command((sys.executable, "-m", *arguments), context.environ, ROOT)


def _step(name: str, title: str, needs: Sequence[str], *commands: str) -> Step:
    """A step that runs these Python modules, each with its arguments, one after the other."""

    async def work(context: "Context", run: Run) -> None:
        for command in commands:
            await run(_python(context, command.split()))

    return Step(name=name, title=title, needs=needs, scope=Scope.ALL, work=work)


def _service(
    name: str, title: str, needs: Sequence[str], port: str, command: str, *other_ports: str
) -> Process:
    """A process that runs this Python module, and answers ``/health/ready`` on its first port."""

    async def is_ready(context: "Context") -> bool:
        url = f"http://{HOST}:{getattr(context.ports, port.lower())}/health/ready"
        async with httpx2.AsyncClient(timeout=_PROBE_TIMEOUT_SECONDS) as client:
            return (await client.get(url)).is_success

    return Process(
        name=name,
        title=title,
        # It could start before Connect. But on two cores its start-up would slow Connect's, which
        # everything waits for; afterwards the processors idle until the connector's first heartbeat.
        needs=(*needs, "connect"),
        scope=Scope.ALL,
        command=lambda context: _python(context, command.split()),
        is_ready=is_ready,
        ports=(port, *other_ports),
    )


PARTS: Plan = (
    _step("topics", "Kafka topics", ("kafka",), "connector topics"),
    _step(
        "user-team-migrate",
        "Admin: migrations",
        ("slots",),
        "user_team migrate --no-input",
        "user_team ensure_superuser",
    ),
    _step("task-meeting-migrate", "Task service: migrations", ("slots",), "task_meeting migrate"),
    _step("notification-migrate", "Notifications: migrations", ("databases",), "notification migrate"),
    _step(
        "connector",
        "Debezium connectors",
        ("connect", "topics", "user-team-migrate", "task-meeting-migrate"),
        "connector register",
    ),
    _service(
        "user-team",
        "Admin",
        ("user-team-migrate",),
        "USER_TEAM_PORT",
        "gunicorn -c python:user_team.gunicorn user_team.wsgi",
        "USER_TEAM_METRICS_PORT",
    ),
    _service(
        "task-meeting-api",
        "Task service: API",
        ("task-meeting-migrate",),
        "TASK_MEETING_API_PORT",
        "task_meeting api",
    ),
    _service(
        "task-meeting-consumer",
        "Task service: consumer",
        ("task-meeting-migrate", "topics"),
        "TASK_MEETING_CONSUMER_PORT",
        "task_meeting consumer",
    ),
    _service(
        "task-meeting-jobs",
        "Task service: jobs",
        ("task-meeting-migrate",),
        "TASK_MEETING_JOBS_PORT",
        "task_meeting jobs",
    ),
    _service(
        "notification-api",
        "Notifications: API",
        ("notification-migrate",),
        "NOTIFICATION_API_PORT",
        "notification api",
    ),
    _service(
        "notification-consumer",
        "Notifications: consumer",
        ("notification-migrate", "topics"),
        "NOTIFICATION_CONSUMER_PORT",
        "notification consumer",
    ),
    _service(
        "notification-sender",
        "Notifications: sender",
        ("notification-migrate", "mail"),
        "NOTIFICATION_SENDER_PORT",
        "notification sender",
    ),
)
