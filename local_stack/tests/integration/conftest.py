"""The command line against a stack of its own, beside the shared one."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack import portcheck
from local_stack.environment import build
from local_stack.paths import StatePaths
from local_stack.processes import Identity
from local_stack.settings import Ports
from local_stack.state import StackState

TIMEOUT_SECONDS = 150


class Cli:
    """``python -m local_stack`` for one state folder."""

    def __init__(self, folder: Path) -> None:
        self.environ = {
            **{name: value for name, value in os.environ.items() if name.upper() not in _OURS},
            "LOCAL_STATE_DIR": str(folder),
            "PORT_OFFSET": str(portcheck.free_offset()),
        }
        self.paths = StatePaths(folder)

    @property
    def ports(self) -> Ports:
        return build(self.environ).ports

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "local_stack", *arguments],
            env=self.environ | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        process = self.start(*arguments, **variables)
        output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def state(self) -> StackState | None:
        return StackState.load(self.paths.state)

    def processes(self) -> list[Identity]:
        """The supervisor and its children, as far as they were reported."""
        state = self.state()
        return [state.supervisor, *state.processes] if state else []

    def status(self) -> dict:
        return json.loads(self.run("status", "--json").stdout)


_OURS = {name.upper() for name in Ports.model_fields} | {"LOCAL_STATE_DIR", "PORT_OFFSET"}


def wait_until_gone(processes: list[Identity], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while alive := [process for process in processes if process.is_alive()]:
        assert time.monotonic() < deadline, f"still running: {alive}"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def heeding_interrupts() -> Iterator[None]:
    """Tests that a script runs in the background ignore Ctrl-C, and hand that on to what they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    one = Cli(tmp_path / "state")
    yield one
    seen = one.processes()
    one.run("clean")
    wait_until_gone(seen)


def interrupt(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Ctrl-C. Returns the exit code and everything that was printed."""
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    return process.returncode, output + errors
