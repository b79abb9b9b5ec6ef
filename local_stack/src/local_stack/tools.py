"""Python tools in environments of their own, so that their dependencies never meet ours."""

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from local_stack.errors import StackError
from local_stack.paths import ROOT, cache_dir
from local_stack.processes import Command

if TYPE_CHECKING:
    from local_stack.environment import Context
    from local_stack.parts import Run

_KAFKA_UI = "kafka-ui"


def environment_of(tool: str) -> Path:
    """The tool's environment in the cache; another lock file or another Python means another one."""
    lock = (ROOT / "requirements" / f"{tool}.txt").read_bytes()
    digest = hashlib.sha256(lock + sys.version.encode()).hexdigest()[:16]
    return cache_dir() / "tools" / f"{tool}-{digest}"


def python_of(tool: str) -> str:
    return str(environment_of(tool) / "bin" / "python")


async def provide(tool: str, context: "Context", run: "Run") -> None:
    """Install the tool from its hashed lock file, unless that was done before.

    It is built under a name of our own and renamed when complete: an interrupted build, or another
    stack that builds the same, does no harm.
    """
    folder = environment_of(tool)
    if folder.exists():
        return
    building = folder.with_name(f"{folder.name}.{os.getpid()}")
    building.parent.mkdir(parents=True, exist_ok=True)
    try:
        await run(Command((sys.executable, "-m", "venv", str(building)), context.environ, ROOT))
        await run(Command(_pip_install(building, tool), context.environ, ROOT))
        if not folder.exists():
            building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def run_kafka_ui(context: "Context") -> int:
    """Install the Kafka UI unless that was done before, and run it in this terminal."""

    async def run(command: Command) -> None:
        process = await asyncio.create_subprocess_exec(
            *command.argv, env=dict(command.environ), cwd=command.cwd
        )
        if await process.wait():
            raise StackError(f"Installing the Kafka UI failed: {' '.join(command.argv)}")

    asyncio.run(provide(_KAFKA_UI, context, run))
    program = environment_of(_KAFKA_UI) / "bin" / "kaskade"
    servers = context.exported["KAFKA_BOOTSTRAP_SERVERS"]
    # By its interpreter: the path in the script's first line is the one under which it was built.
    arguments = [python_of(_KAFKA_UI), str(program), "admin", "-b", servers]
    return subprocess.run(arguments, check=False).returncode  # noqa: S603 (a tool that we installed)


def _pip_install(environment: Path, tool: str) -> tuple[str, ...]:
    return (
        *(
            str(environment / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ),
        *("--retries", "5", "--require-hashes", "-r", f"requirements/{tool}.txt"),
    )
