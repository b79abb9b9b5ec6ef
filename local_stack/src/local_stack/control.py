"""What the commands do to a stack: launch its supervisor, follow it, ask it for something, stop it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from local_stack import pghome
from local_stack.environment import Context
from local_stack.errors import StackError
from local_stack.lock import is_running, kill_leftovers, locked, supervisor_pid
from local_stack.paths import ROOT, StatePaths
from local_stack.state import Scope, StackPhase, StackState, Wanted
from local_stack.supervisor import ALREADY_RUNNING

_POLL_SECONDS = 0.05
_STOP_SECONDS = 60
_REPORT_SECONDS = 10
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
        launched = process and process.pid
        at_work = supervisor_pid(paths)
        state = StackState.load(paths.state)
        if state and state.supervisor.pid == (launched or at_work):
            show(state)
            if state.phase is StackPhase.READY:
                return state
        if deadline and time.monotonic() > deadline:
            raise StackError(f"The stack is not ready after {timeout:g} s: {_unsettled(state)}")
        if process and process.poll() == ALREADY_RUNNING:
            process = None
        elif (process and process.returncode is not None) or (process is None and at_work is None):
            raise StackError(_why(StackState.load(paths.state), paths))
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
    """Tell the running supervisor what is wanted now, and wait until it knows."""
    wanted.save(paths.wanted)
    _signal(paths, signal.SIGUSR1)
    while is_running(paths) and not _knows(StackState.load(paths.state), wanted):
        time.sleep(_POLL_SECONDS)


def _knows(state: StackState | None, wanted: Wanted) -> bool:
    return state is not None and state.wanted == wanted


def _signal(paths: StatePaths, number: signal.Signals) -> None:
    """Signal the supervisor, once it has reported: before that it would not understand."""
    deadline = time.monotonic() + _REPORT_SECONDS
    while (pid := supervisor_pid(paths)) and not _reports(paths, pid):
        if time.monotonic() > deadline:
            raise StackError(f"The supervisor (pid {pid}) does not report; stop it with `kill {pid}`")
        time.sleep(_POLL_SECONDS)
    if pid is None:
        raise StackError("The stack is not running")
    os.kill(pid, number)


def _reports(paths: StatePaths, pid: int) -> bool:
    state = StackState.load(paths.state)
    return state is not None and state.supervisor.pid == pid


def stop(paths: StatePaths) -> bool:
    """Stop the stack and everything that was left of one. Returns whether there was anything."""
    if is_running(paths):
        _signal(paths, signal.SIGTERM)
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
    pghome.remove_shelter(paths)
    shutil.rmtree(paths.root)
