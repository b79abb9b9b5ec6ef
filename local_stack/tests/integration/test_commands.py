"""The commands on real processes: starts that fail, are interrupted or repeated, and what they leave."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.lock import is_running
from local_stack.processes import Identity
from local_stack.state import StackPhase
from local_stack.testing import Stack

from .conftest import Cli, interrupt, wait_until_gone


def reported(cli: Cli) -> list[Identity]:
    """Wait until the supervisor has children, and return all of them."""
    deadline = time.monotonic() + 20
    while len(cli.processes()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return cli.processes()


def test_the_life_of_a_stack(cli: Cli, stack: Stack) -> None:
    """Started, started again, killed, started, refused, stopped: beside another stack on the same machine."""
    first = cli.run("up", "--only", "infra")
    assert first.returncode == 0, first.stderr
    assert str(cli.ports.connect_port) in first.stdout
    running = cli.processes()

    second = cli.run("up", "--only", "infra")
    assert second.returncode == 0, second.stderr
    assert "already running" in second.stdout
    assert cli.processes() == running
    shown = cli.status()
    assert shown["phase"] == StackPhase.READY
    missing = {"connector": "missing", "task": "missing"}
    names = ("django-db-connector", "django-outbox-connector", "task-outbox-connector")
    assert shown["flow"]["connectors"]["value"] == dict.fromkeys(names, missing)

    supervisor = running[0]
    os.kill(supervisor.pid, signal.SIGKILL)
    if sys.platform == "linux":
        wait_until_gone(running)
    assert cli.run("status", "--once").returncode == 1

    third = cli.run("up", "--only", "infra")
    assert third.returncode == 0, third.stderr
    wait_until_gone(running)
    last = cli.processes()
    assert cli.run("down").stdout == "Stopped.\n"
    wait_until_gone(last)
    assert cli.run("down").stdout == "The stack is not running.\n"
    assert not is_running(cli.paths)

    refused = cli.run("up", "--only", "infra", POSTGRES_PASSWORD="another")
    assert refused.returncode == 1
    assert "made with another POSTGRES_PASSWORD" in refused.stderr
    wait_until_gone(cli.processes())
    assert stack.state().phase is StackPhase.READY


def test_an_interrupted_start_leaves_nothing_running(cli: Cli) -> None:
    process = cli.start("up", "--only", "infra")
    children = reported(cli)
    code, output = interrupt(process)
    assert code == 130
    assert "Interrupted: stopping what was started." in output
    wait_until_gone(children + cli.processes())
    assert not is_running(cli.paths)


def test_an_interruption_of_somebody_elses_start_does_not_stop_it(cli: Cli) -> None:
    starter = cli.start("up", "--only", "infra")
    reported(cli)
    waiter = cli.start("up", "--only", "infra")
    assert waiter.stdout
    assert "already running" in waiter.stdout.readline()
    assert interrupt(waiter)[0] == 130
    assert is_running(cli.paths)
    interrupt(starter)


def test_a_taken_port_is_named_with_its_variable_and_its_holder(cli: Cli) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", cli.ports.postgres_port))
        server.listen()
        refused = cli.run("up")
    assert refused.returncode == 1
    assert f"POSTGRES_PORT={cli.ports.postgres_port} is used by" in refused.stderr
    assert f"(pid {os.getpid()})" in refused.stderr
    assert not is_running(cli.paths)


def test_an_owned_stack_ends_with_its_owner(cli: Cli) -> None:
    """As the fixture's stack must, when pytest is killed."""
    script = (
        "import os, time; from local_stack import control; from local_stack.environment import build;"
        "from local_stack.state import Scope;"
        "process = control.launch(build(os.environ), Scope.INFRA, owned=True); time.sleep(1000)"
    )
    owner = subprocess.Popen([sys.executable, "-c", script], env=cli.environ)
    children = reported(cli)
    owner.kill()
    owner.wait()
    wait_until_gone(children + cli.processes(), seconds=20)


def test_clean_removes_the_state_and_keeps_the_cache(cli: Cli) -> None:
    process = cli.start("up", "--only", "infra")
    children = reported(cli)
    shelter = cli.paths.shelter
    cleaned = cli.run("clean")
    assert cleaned.returncode == 0, cleaned.stderr
    process.communicate()
    wait_until_gone(children)
    assert not cli.paths.root.exists()
    assert not shelter.exists()


def test_the_variables_are_printed_for_a_shell(cli: Cli) -> None:
    printed = cli.run("env").stdout
    script = f"{printed}\necho $KAFKA_BOOTSTRAP_SERVERS $PORT_OFFSET"
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown == f"127.0.0.1:{cli.ports.kafka_port} 0\n"


def test_a_command_runs_with_the_variables(cli: Cli) -> None:
    assert cli.run("run", "sh", "-c", "echo $CONNECT_PORT").stdout == f"{cli.ports.connect_port}\n"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        [shutil.which("mount") or "mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(folder)], check=False
    )
    if mounted.returncode:
        pytest.skip("cannot mount a small file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="needs to mount a tmpfs")
def test_a_full_disk_is_a_clear_error(small_disk: Path) -> None:
    cli = Cli(small_disk / "state")
    refused = cli.run("up")
    assert refused.returncode == 1
    assert "The disk is full: 1" in refused.stderr
    assert not is_running(cli.paths)
