"""What the commands do to a stack: launch its supervisor, follow it, ask it for something, stop it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from local_stack import postgres
from local_stack.environment import Context
from local_stack.errors import StackError
from local_stack.lock import is_running, kill_leftovers, locked
from local_stack.paths import ROOT, StatePaths
from local_stack.processes import Identity
from local_stack.state import Scope, StackPhase, StackState, Wanted
from local_stack.supervisor import ALREADY_RUNNING

_POLL_SECONDS = 0.05
_STOP_SECONDS = 60
_FINAL = {StackPhase.STOPPED, StackPhase.FAILED}


def launch(context: Context, scope: Scope, *, owned: bool = False) -> subprocess.Popen[bytes]:
    """Start a supervisor in the background. `owned`: it ends when we close its stdin, or die."""
    paths = context.paths
    paths.logs.mkdir(parents=True, exist_ok=True)
    Wanted(scope).save(paths.wanted)
    with paths.log("supervisor").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-m", "local_stack", "supervise", *(["--owned"] if owned else [])],
            stdin=subprocess.PIPE if owned else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(context.environ),
            cwd=ROOT,
            start_new_session=True,
        )


def follow(
    paths: StatePaths,
    process: subprocess.Popen[bytes] | None,
    show: Callable[[StackState], None] = lambda _: None,
    timeout: float | None = None,
) -> StackState:
    """Wait until the stack is ready. `process` is its supervisor if we launched it.

    Raises:
        StackError: it failed, ended, or `timeout` seconds passed; says why.
    """
    deadline = time.monotonic() + timeout if timeout else None
    while True:
        alive = is_running(paths)
        state = StackState.load(paths.state)
        if state and (process is None or state.supervisor.pid == process.pid):
            show(state)
            if state.phase is StackPhase.READY:
                return state
        if deadline and time.monotonic() > deadline:
            raise StackError(f"The stack is not ready after {timeout:g} s: {_unsettled(state)}")
        if process is None and not alive:
            raise StackError(_why(state, paths))
        if process and (code := process.poll()) is not None:
            if code != ALREADY_RUNNING:
                raise StackError(_why(StackState.load(paths.state), paths))
            process = None
        time.sleep(_POLL_SECONDS)


def _unsettled(state: StackState | None) -> str:
    parts = state.parts.values() if state else ()
    return ", ".join(
        f"{part.title}: {part.phase} {part.detail}".strip() for part in parts if not part.settled
    )


def _why(state: StackState | None, paths: StatePaths) -> str:
    if state and state.phase in _FINAL:
        return state.error or "The stack was stopped."
    return f"The supervisor died. More in {paths.log('supervisor')}"


def ask(paths: StatePaths, wanted: Wanted) -> None:
    """Tell the running supervisor what is wanted now."""
    wanted.save(paths.wanted)
    os.kill(_supervisor(paths).pid, signal.SIGUSR1)


def _supervisor(paths: StatePaths) -> Identity:
    """The supervisor at work: it holds the lock first and reports a moment later."""
    deadline = time.monotonic() + _STOP_SECONDS
    while is_running(paths) and time.monotonic() < deadline:
        state = StackState.load(paths.state)
        if state and state.supervisor.is_alive():
            return state.supervisor
        time.sleep(_POLL_SECONDS)
    raise StackError("The stack is not running")


def stop(paths: StatePaths) -> bool:
    """Stop the stack and everything that was left of one. Returns whether there was anything."""
    if is_running(paths):
        os.kill(_supervisor(paths).pid, signal.SIGTERM)
        wait_stopped(paths)
        return True
    with locked(paths) as mine:
        return mine and bool(kill_leftovers(paths))


def wait_stopped(paths: StatePaths) -> None:
    deadline = time.monotonic() + _STOP_SECONDS
    while is_running(paths):
        if time.monotonic() > deadline:
            raise StackError(f"The supervisor does not end; see {paths.log('supervisor')}")
        time.sleep(_POLL_SECONDS)


def clean(paths: StatePaths) -> None:
    """Stop the stack and remove everything it ever wrote, except for the cache."""
    if not paths.root.exists():
        return
    stop(paths)
    postgres.remove_shelter(paths)
    shutil.rmtree(paths.root)
