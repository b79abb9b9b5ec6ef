"""The stack for tests: real PostgreSQL, Kafka and Connect in a folder of their own.

    with Stack(folder) as stack:
        connection = await asyncpg.connect(stack.dsn())
        stack.kill("connect")          # kill -9; the supervisor starts it again
        stack.wait_ready()

The ports are free ones, so it runs beside a developer's stack. It ends with this process, even if
that is killed: its supervisor notices the closed pipe.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from local_stack import control, pghome, portcheck
from local_stack.environment import HOST, Context, build
from local_stack.errors import StackError
from local_stack.processes import Identity
from local_stack.state import PartPhase, PartState, Scope, StackPhase, StackState, Wanted

if TYPE_CHECKING:
    from subprocess import Popen

_START_SECONDS = 240.0
"""Long, because the first start of all downloads 60 MB."""
_READY_SECONDS = 60.0
_POLL_SECONDS = 0.05


class Stack:
    """One running stack. Not for several threads at once."""

    def __init__(self, folder: Path, *, variables: Mapping[str, str] | None = None) -> None:
        """Prepare a stack in `folder`; nothing runs before `start`.

        Args:
            folder: its state folder; it is removed by `stop`.
            variables: settings that differ from the defaults. Passwords are generated.
        """
        inherited = {
            name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ
        }
        chosen = {"LOCAL_STATE_DIR": str(folder), "PORT_OFFSET": str(portcheck.free_offset())}
        trust = {
            name: value for name, value in os.environ.items() if name.endswith(("_CA_BUNDLE", "CERT_FILE"))
        }
        self._context: Context = build({**inherited, **trust, **chosen, **(variables or {})})
        self._process: Popen[bytes] | None = None
        self._held: list[str] = []
        self._scope = Scope.INFRA

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, scope: Scope = Scope.INFRA) -> None:
        """Start and wait until ready.

        Raises:
            StackError: it did not become ready; nothing is left running.
        """
        self._scope = scope
        self._process = control.launch(self._context, scope, owned=True)
        try:
            control.follow(self._context.paths, self._process, timeout=_START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def start_services(self) -> None:
        """Start the rest of the suite on the running infrastructure, and wait until it is ready."""
        self._scope = Scope.ALL
        self._ask()
        self.wait_ready(timeout=_START_SECONDS)

    def stop(self) -> None:
        """Stop everything and remove the folder. Does nothing the second time."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait()
        self._process = None
        control.clean(self._context.paths)

    # -- what tests connect to

    @property
    def environment(self) -> dict[str, str]:
        """Every variable that a child process needs to work with this stack, PATH included."""
        return dict(self._context.environ)

    @property
    def variables(self) -> dict[str, str]:
        """The stack's own variables (addresses, names, passwords), as `.env.example` lists them."""
        return dict(self._context.exported)

    @property
    def bootstrap_servers(self) -> str:
        return self._context.exported["KAFKA_BOOTSTRAP_SERVERS"]

    @property
    def connect_url(self) -> str:
        return self._context.exported["CONNECT_URL"]

    @property
    def mail_url(self) -> str:
        """The mail catcher's REST: ``/api/messages/``."""
        return f"http://{HOST}:{self._context.ports.mail_ui_port}"

    @property
    def smtp_address(self) -> tuple[str, int]:
        return HOST, self._context.ports.smtp_port

    @property
    def mail_store(self) -> Path:
        """The mail catcher's SQLite file: its REST lists leave headers out."""
        return self._context.paths.mail / "mails.sqlite"

    def dsn(self, database: str = "postgres", *, user: str | None = None, password: str | None = None) -> str:
        """A libpq address; without `user` it is the superuser's."""
        user = user or self._context.settings.postgres_user
        password = password or self._context.exported["POSTGRES_PASSWORD"]
        return f"postgresql://{user}:{password}@{HOST}:{self._context.ports.postgres_port}/{database}"

    def service_dsn(self, service: str) -> str:
        """The address that a service uses: ``USER_TEAM``, ``TASK_MEETING`` or ``NOTIFICATION``."""
        values = self._context.exported
        return self.dsn(
            values[f"{service}_DB_NAME"],
            user=values[f"{service}_DB_USER"],
            password=values[f"{service}_DB_PASSWORD"],
        )

    def postgres_binary(self, name: str) -> Path:
        """One of PostgreSQL's programs, e.g. ``pg_recvlogical``."""
        return pghome.home(self._context.paths).binaries / name

    # -- faults

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process of the stack (`state().parts` has the names).

        The supervisor starts it again if that ends it; for PostgreSQL, SIGINT is a fast and SIGQUIT
        an immediate shutdown. Returns when the old process is gone, if the signal ends it.
        """
        process = self._running(name)
        os.kill(process.pid, number)
        if number not in {signal.SIGSTOP, signal.SIGCONT}:
            self._until(lambda: not process.is_alive(), f"{name} does not end after {number.name}")

    def hold(self, name: str) -> None:
        """Stop a process and keep it down until `release`."""
        self._held.append(name)
        self._ask()
        self._until(lambda: self.is_held(name), f"{name} does not stop")

    def release(self, name: str) -> None:
        """Start a held process again; wait for it with `wait_ready`."""
        self._held.remove(name)
        self._ask()
        self._until(lambda: not self.is_held(name), f"{name} does not start")

    def is_held(self, name: str) -> bool:
        """Whether a part is down until `release`."""
        return self.part(name).phase is PartPhase.HELD

    def wait_ready(self, *names: str, timeout: float = _READY_SECONDS) -> None:
        """Wait until these parts, or all, are ready."""
        self._until(lambda: self._is_ready(names), f"not ready: {names or 'the stack'}", timeout)

    def state(self) -> StackState:
        """The supervisor's report."""
        state = StackState.load(self._context.paths.state)
        if state is None:
            raise StackError("The stack was not started")
        return state

    def part(self, name: str) -> PartState:
        return self.state().parts[name]

    def log(self, name: str) -> Path:
        """The log file of a part."""
        return self._context.paths.log(name)

    def _is_ready(self, names: tuple[str, ...]) -> bool:
        state = self.state()
        if not names and state.phase is not StackPhase.READY:
            return False
        wanted = [state.parts[name] for name in names] or state.parts.values()
        return all(part.settled and (part.process is None or part.process.is_alive()) for part in wanted)

    def _running(self, name: str) -> Identity:
        process = self.part(name).process
        if process is None:
            raise StackError(f"{name} does not run")
        return process

    def _ask(self) -> None:
        control.ask(self._context.paths, Wanted(self._scope, self._held))

    def _until(self, condition: Callable[[], bool], what: str, timeout: float = _READY_SECONDS) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise StackError(what)
            time.sleep(_POLL_SECONDS)
