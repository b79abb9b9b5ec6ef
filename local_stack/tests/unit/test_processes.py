"""Children: recognised later, stopped with their groups, never left behind."""

import asyncio
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from local_stack.processes import Command, Identity, kill_leftovers, spawn, stop

ENVIRON = {"PATH": os.environ["PATH"]}


def shell(script: str) -> Command:
    return Command(("sh", "-c", script), ENVIRON, Path("/"))


async def until(condition, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_output_is_appended_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "part.log"
    for word in ("one", "two"):
        child = await spawn(shell(f"echo {word}"), log)
        assert await child.wait() == 0
    assert log.read_text() == "one\ntwo\n"


async def test_a_child_gets_only_its_own_environment(tmp_path: Path) -> None:
    child = await spawn(Command(("env",), ENVIRON | {"OWN": "1"}, Path("/")), tmp_path / "log")
    await child.wait()
    names = {line.partition("=")[0] for line in (tmp_path / "log").read_text().splitlines()}
    assert names <= {"PATH", "OWN", "LC_CTYPE"}


async def test_a_polite_child_ends_by_itself(tmp_path: Path) -> None:
    child = await spawn(shell("trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done"), tmp_path / "log")
    await until(lambda: "up" in (tmp_path / "log").read_text())
    assert await stop(child, signal.SIGTERM, 5)
    assert child.returncode == 3


async def test_a_stubborn_child_is_killed_with_its_group(tmp_path: Path) -> None:
    child = await spawn(shell("trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000"), tmp_path / "log")
    await until(lambda: (tmp_path / "log").read_text().endswith("\n"))
    grandchild = Identity.of(int((tmp_path / "log").read_text()))
    assert not await stop(child, signal.SIGTERM, 0.2)
    assert child.returncode == -signal.SIGKILL
    await until(lambda: not grandchild.is_alive())


async def test_another_process_with_the_same_id_is_not_mistaken(tmp_path: Path) -> None:
    child = await spawn(shell("exec sleep 1000"), tmp_path / "log")
    identity = Identity.of(child.pid)
    assert identity.is_alive()
    stranger = replace(identity, started=identity.started - 10)
    assert not stranger.is_alive()
    assert kill_leftovers([stranger]) == []
    assert identity.is_alive()
    assert kill_leftovers([identity]) == [identity]
    assert await child.wait() == -signal.SIGKILL


PARENT = """
import asyncio, sys
from pathlib import Path
from local_stack.processes import Command, spawn

async def main(log, run_as):
    command = Command(("sleep", "1000"), {"PATH": "/usr/bin:/bin"}, Path("/"), run_as)
    child = await spawn(command, Path(log))
    print(child.pid, flush=True)
    await child.wait()

asyncio.run(main(sys.argv[1], (65534, 65534) if "nobody" in sys.argv else None))
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the user")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
@pytest.mark.parametrize("user", ["same", pytest.param("nobody", marks=as_root)])
async def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path, user: str) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(tmp_path / "log"), user), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout
    child = Identity.of(int(await parent.stdout.readline()))
    await until(lambda: psutil.Process(child.pid).name() == "sleep")
    parent.kill()
    await parent.wait()
    await until(lambda: not child.is_alive())


@as_root
async def test_a_child_of_another_user_has_none_of_roots_groups(tmp_path: Path) -> None:
    command = Command(("sh", "-c", "id -u; id -G"), ENVIRON, Path("/"), (65534, 65534))
    child = await spawn(command, tmp_path / "log")
    await child.wait()
    assert (tmp_path / "log").read_text().split() == ["65534", "65534"]


async def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="There is no program /no/such/program"):
        await spawn(Command(("/no/such/program",), ENVIRON, Path("/")), tmp_path / "log")
