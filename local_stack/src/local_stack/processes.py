"""Children of the supervisor: how they start, how they are recognised later, how they end."""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_LAUNCHER = Path(__file__).with_name("launch.py")
_POLL_SECONDS = 0.02
_SAME_START_SECONDS = 0.05
"""Two readings of one process's start time differ by less."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run. `run_as` is (uid, gid), and only root may give one."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    cwd: Path
    run_as: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """A process id with its start time (seconds since 1970), since ids are used again."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Identity":
        """Who has this id now; a process that is already gone gets the start time 0."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return cls(pid, 0.0)

    def is_alive(self) -> bool:
        """Whether that very process still runs (a zombie does not)."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _SAME_START_SECONDS
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


async def spawn(command: Command, log: Path) -> asyncio.subprocess.Process:
    """Start `command` in a process group of its own, its output appended to `log`.

    Raises:
        FileNotFoundError: there is no such program.
    """
    program = shutil.which(command.argv[0], path=command.environ.get("PATH"))
    if program is None:
        raise FileNotFoundError(f"There is no program {command.argv[0]}")
    uid, gid = command.run_as or ("-", "-")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(uid), str(gid)),
            *(program, *command.argv[1:]),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(command.environ),
            cwd=command.cwd,
            start_new_session=True,
        )


async def stop(process: asyncio.subprocess.Process, stop_signal: signal.Signals, timeout: float) -> bool:  # noqa: ASYNC109
    """End a child and its group: politely, and after `timeout` seconds with SIGKILL.

    Returns:
        Whether it ended by itself.
    """
    with suppress(ProcessLookupError):
        process.send_signal(stop_signal)
    try:
        await asyncio.wait_for(process.wait(), timeout)
    except TimeoutError:
        return False
    finally:
        kill_group(process.pid)
        await process.wait()
    return True


def kill_group(leader: int) -> None:
    """SIGKILL whatever is left of the process group of `leader`."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def kill_leftovers(identities: Iterable[Identity], timeout: float = 10) -> list[Identity]:
    """Kill the groups of those that still run, wait until they are gone, and return them."""
    alive = [identity for identity in identities if identity.is_alive()]
    for identity in alive:
        kill_group(identity.pid)
    deadline = time.monotonic() + timeout
    while any(identity.is_alive() for identity in alive) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return alive
