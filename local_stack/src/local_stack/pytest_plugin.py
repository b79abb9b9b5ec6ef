"""pytest fixtures: ``pytest_plugins = ["local_stack.pytest_plugin"]``, or installed, by itself."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_stack.testing import Stack

_VARIABLES = {"NOTIFICATION_BURST_SECONDS": "0"}
"""Each piece of news comes in a mail of its own, at once: the tests count them."""
_MEMORY = Path("/dev/shm")  # noqa: S108 (what is in it is found by our own names)
_PREFIX = "team-suite-test-"
_ROOM_BYTES = 4 << 30
"""What must be free in memory, for the stacks of two workers.

A stack held up to 0.3 GB in the tests of tasks; a slot that nobody reads may keep 1 GB of PostgreSQL's log.
"""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The infrastructure (PostgreSQL, Kafka, Connect, mail catcher), started at its first use.

    Shared by the whole session: use databases, topics, connectors and consumer groups of your own.
    """
    with _folder(tmp_path_factory) as folder, Stack(folder, variables=_VARIABLES) as running:
        yield running


@pytest.fixture(scope="session")
def suite(stack: Stack) -> Stack:
    """The whole suite on the shared stack: migrations, topics, connector and every service."""
    stack.start_services()
    return stack


@contextmanager
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the stack keeps its state: in memory if there is room.

    Each test's database is a few hundred files that are made and removed. On a disk that takes up to
    forty times as long; and no test is about what a disk keeps when the machine loses its power.
    """
    if not _has_room(_MEMORY):
        yield tmp_path_factory.mktemp("stack")
        return
    _remove_abandoned(_MEMORY)
    folder = _MEMORY / f"{_PREFIX}{os.getpid()}"
    folder.mkdir()
    folder.chmod(0o755)  # PostgreSQL has another user when the tests are root's
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _has_room(folder: Path) -> bool:
    """Whether it is there, has room, and lets what lies there run, as the JVM does with its libraries."""
    if not folder.is_dir():
        return False
    system = os.statvfs(folder)
    return system.f_bavail * system.f_frsize >= _ROOM_BYTES and not system.f_flag & os.ST_NOEXEC


def _remove_abandoned(folder: Path) -> None:
    """Remove what our test runs left that were killed."""
    for left in folder.glob(f"{_PREFIX}*"):
        if not Path("/proc", left.name.removeprefix(_PREFIX)).exists():
            shutil.rmtree(left, ignore_errors=True)  # but what is another user's
