"""Child processes of a test: the service's real commands, and consumers that are doomed to a signal."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil

from harness.doomed import Point
from harness.target import Target
from harness.waiting import until

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent


class Child:
    """A running process and the file that it logs to."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_said(self, words: str, *, timeout_s: float = 30) -> None:
        """Until the words are in its log."""
        until(lambda: words in self.said, f"{words!r} in the child's log", timeout_s=timeout_s)

    def wait_frozen(self) -> None:
        """Until a signal has frozen it."""
        process = psutil.Process(self._process.pid)
        until(lambda: process.status() == psutil.STATUS_STOPPED, "the child is frozen")

    def wait(self) -> int:
        """Its exit code; a signal's number is negative."""
        return self._process.wait(timeout=60)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)


@contextmanager
def python(stack: Target, log: Path, *arguments: str) -> Iterator[Child]:
    """`python -m …` in the environment of the stack; killed when the block ends."""
    path = os.pathsep.join(filter(None, [str(TESTS), stack.environment.get("PYTHONPATH")]))
    environment = {**stack.environment, "PYTHONPATH": path}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        yield Child(process, log)
    finally:
        process.kill()
        process.wait()


def doomed(
    stack: Target,
    folder: Path,
    package: str,
    point: Point,
    *,
    times: int = 1,
    number: signal.Signals = signal.SIGKILL,
) -> AbstractContextManager[Child]:
    """A service's consumer that sends itself `number` when it reaches `point` for the n-th time."""
    options = ("--times", str(times), "--signal", number.name)
    return python(stack, folder / f"doomed-{package}.log", "harness.doomed", package, point, *options)


def run(stack: Target, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m …` to its end, with what it printed."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
