"""What the suite may run on: the stack without Docker, or Docker compose. The same tests run on both."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class Target(Protocol):
    """One running suite, seen from outside. Parts have the same names everywhere (`task-meeting-api`).

    `local_stack.testing.Stack` and `harness.compose.Compose` are such.
    """

    @property
    def environment(self) -> Mapping[str, str]:
        """What a child process of the tests needs to work with it."""

    @property
    def variables(self) -> Mapping[str, str]:
        """Addresses as this process reaches them, names, passwords; `.env.example` lists them."""

    @property
    def bootstrap_servers(self) -> str: ...

    @property
    def connect_url(self) -> str: ...

    @property
    def mail_store(self) -> Path:
        """The mail catcher's SQLite file."""

    def dsn(self, database: str = "postgres", *, user: str | None = None, password: str | None = None) -> str:
        """A libpq address; without `user` it is the superuser's."""

    def service_dsn(self, service: str) -> str:
        """The address that a service uses: ``USER_TEAM``, ``TASK_MEETING`` or ``NOTIFICATION``."""

    def kill(self, name: str) -> None:
        """SIGKILL; whoever watches over the part starts it again. Returns when the old process is gone."""

    def hold(self, name: str) -> None:
        """Stop a part and keep it down until `release`."""

    def release(self, name: str) -> None: ...

    def is_held(self, name: str) -> bool: ...

    def wait_ready(self, *names: str) -> None:
        """Wait until these parts, or all, are ready."""
