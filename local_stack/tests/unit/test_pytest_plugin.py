"""Where the stack of a test run keeps its state."""

import os
import subprocess
import sys

import pytest

from local_stack import pytest_plugin

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has folders in memory")


@pytest.fixture
def memory(tmp_path, monkeypatch):
    """What stands in for the machine's memory, and always has room."""
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setattr(pytest_plugin, "_MEMORY", folder)
    monkeypatch.setattr(pytest_plugin, "_ROOM_BYTES", 0)
    return folder


def test_it_is_in_memory_and_goes_with_the_run(memory, tmp_path_factory):
    with pytest_plugin._folder(tmp_path_factory) as folder:
        assert folder.parent == memory
        # PostgreSQL has another user when the tests are root's.
        assert folder.stat().st_mode & 0o777 == 0o755
        (folder / "data").touch()
    assert list(memory.iterdir()) == []


def test_it_is_on_the_disk_when_memory_has_no_room(memory, tmp_path_factory, monkeypatch):
    monkeypatch.setattr(pytest_plugin, "_ROOM_BYTES", 1 << 60)
    with pytest_plugin._folder(tmp_path_factory) as folder:
        assert folder.parent == tmp_path_factory.getbasetemp()
    assert list(memory.iterdir()) == []


def test_it_is_on_the_disk_where_nothing_may_run_from_memory(memory, tmp_path_factory, monkeypatch):
    system = os.statvfs(memory)
    monkeypatch.setattr(
        os, "statvfs", lambda _: os.statvfs_result((*system[:8], system.f_flag | os.ST_NOEXEC, *system[9:]))
    )
    with pytest_plugin._folder(tmp_path_factory) as folder:
        assert folder.parent == tmp_path_factory.getbasetemp()


def test_what_a_killed_run_left_is_removed_and_that_of_a_living_one_stays(memory, tmp_path_factory):
    ended = subprocess.Popen(["true"])
    ended.wait()
    left, living, foreign = (
        memory / name for name in (f"team-suite-test-{ended.pid}", "team-suite-test-1", "else")
    )
    for folder in (left, living, foreign):
        folder.mkdir()
        (folder / "data").touch()
    with pytest_plugin._folder(tmp_path_factory):
        assert not left.exists()
        assert (living / "data").exists()
        assert (foreign / "data").exists()
