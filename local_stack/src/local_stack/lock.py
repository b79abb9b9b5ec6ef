"""One supervisor per state folder: a file lock, which the system drops however its holder dies.

The file holds the process id of who has locked it last.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from local_stack.paths import StatePaths
from local_stack.processes import Identity
from local_stack.processes import kill_leftovers as kill
from local_stack.state import StackState

_PATIENCE_SECONDS = 1.0
"""Somebody may just be asking whether the lock is held."""


@contextmanager
def locked(paths: StatePaths) -> Iterator[bool]:
    """Hold the lock inside the block; yields False if another process has it."""
    paths.root.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with paths.lock.open("a+") as file:
        while not (mine := _try(file.fileno(), fcntl.LOCK_EX)) and time.monotonic() < deadline:
            time.sleep(0.02)
        if mine:
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield mine


def supervisor_pid(paths: StatePaths) -> int | None:
    """The process id of the supervisor that is at work in this state folder."""
    with suppress(FileNotFoundError), paths.lock.open() as file:
        # A holder that has not written its id yet is no supervisor to talk to either.
        if not _try(file.fileno(), fcntl.LOCK_SH) and (text := file.read()):
            return int(text)
    return None


def is_running(paths: StatePaths) -> bool:
    """Whether a supervisor is at work in this state folder."""
    return supervisor_pid(paths) is not None


def kill_leftovers(paths: StatePaths) -> list[Identity]:
    """Kill what a supervisor that was killed has left running. Only for who holds the lock."""
    state = StackState.load(paths.state)
    return kill(state.processes) if state else []


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
