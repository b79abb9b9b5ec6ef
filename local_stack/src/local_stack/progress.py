"""What `up` shows: the parts as they become ready, then where everything is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

from local_stack.environment import HOST, Context
from local_stack.state import PartPhase, PartState, Scope, StackState


class Progress:
    """Shows the parts of a starting stack: a live table on a terminal, else a line for each."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begin = time.time()
        self._told: set[str] = set()
        self._live: Live | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Keep the table on the screen inside the block."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, refresh_per_second=10) as self._live:
            yield

    def update(self, state: StackState) -> None:
        if self._live:
            self._live.update(self._table(state))
        else:
            self._tell(state)

    def _tell(self, state: StackState) -> None:
        for name, part in state.parts.items():
            if part.settled and name not in self._told:
                self._told.add(name)
                self._console.print(f"{self._at(part)}  {part.title}")

    def _table(self, state: StackState) -> Table:
        table = Table.grid(padding=(0, 2))
        for part in state.parts.values():
            if part.settled:
                table.add_row(self._at(part), f"[green]✔[/] {part.title}")
            elif part.phase is not PartPhase.WAITING:
                table.add_row("", Spinner("dots", f"{part.title} {part.detail}"))
        return table

    def _at(self, part: PartState) -> str:
        return f"{max(0.0, part.since - self._begin):5.1f} s"


def addresses(context: Context, scope: Scope) -> Table:
    """Where everything is, and how to sign in."""
    values, ports = context.exported, context.ports
    table = Table(show_header=False)
    if scope is Scope.ALL:
        table.add_row("Admin", f"http://{HOST}:{ports.user_team_port}/admin/")
        login = f"{values['DJANGO_SUPERUSER_USERNAME']} / {values['DJANGO_SUPERUSER_PASSWORD']}"
        table.add_row("  sign in as", login)
        table.add_row("Task service", f"http://{HOST}:{ports.task_meeting_api_port}/docs")
        table.add_row("Notifications", f"http://{HOST}:{ports.notification_api_port}/docs")
    table.add_row("Caught mail", f"http://{HOST}:{ports.mail_ui_port}/ (SMTP: {ports.smtp_port})")
    table.add_row("Kafka Connect", values["CONNECT_URL"])
    table.add_row("Kafka", values["KAFKA_BOOTSTRAP_SERVERS"])
    table.add_row("PostgreSQL", f"{HOST}:{ports.postgres_port} (passwords: {context.paths.secrets})")
    table.add_row("Logs", str(context.paths.logs))
    return table
