"""Makes the start-up caches of Kafka and Connect: ``python -m local_stack.train``.

Java keeps in such a cache what it has loaded and linked in a training run (JEP 514); with one, each program
needs half the CPU time to start. Made once per machine, on a broker and a worker of its own. A program of
its own, so that an interrupted start can end it at once.
"""

import asyncio
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from local_stack import connect, jars, java, kafka, logs, portcheck, processes
from local_stack.environment import Context, build
from local_stack.errors import StackError
from local_stack.parts import Process
from local_stack.processes import Command
from local_stack.settings import Ports

_PROBE_SECONDS = 0.2
_WRITE_SECONDS = 180.0
"""Java writes the cache when the program ends."""


async def train() -> None:
    """Run a broker and a worker once, and keep what Java has learned.

    Raises:
        StackError: one of them did not run.
    """
    with tempfile.TemporaryDirectory() as folder:
        context = build(_environ(folder))
        jars.link_plugins(context.paths.connect / "plugins")
        await kafka.format_logs(context, _run)
        async with _trained(context, kafka.BROKER), _trained(context, connect.WORKER):
            pass


def _environ(folder: str) -> dict[str, str]:
    """Our environment with another state folder, and with free ports instead of the stack's."""
    ports = {name.upper() for name in Ports.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in ports}
    return kept | {"LOCAL_STATE_DIR": folder, "PORT_OFFSET": str(portcheck.free_offset())}


@asynccontextmanager
async def _trained(context: Context, part: Process) -> AsyncIterator[None]:
    """Have the program running inside the block, and its cache in place afterwards."""
    command, cache = part.command(context), java.cache_of(part.name)
    # Complete before it gets its name: an interrupted training leaves no half of a cache behind.
    written = context.paths.root / cache.name
    if not cache.exists():
        command = java.recording(command, written)
    child = await processes.spawn(command, context.paths.log(part.name))
    try:
        await _until_ready(context, part, child)
        yield
    finally:
        await processes.stop(child, part.stop_signal, _WRITE_SECONDS)
    if written.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        _move(written, cache)


def _move(file: Path, target: Path) -> None:
    """Move a file, also from another file system, so that nobody sees half of it."""
    beside = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.move(file, beside)
    beside.replace(target)


async def _until_ready(context: Context, part: Process, child: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + part.start_timeout
    while child.returncode is None and time.monotonic() < deadline:
        with suppress(Exception):  # whatever a client raises against a server that starts
            if await part.is_ready(context):
                return
        await asyncio.sleep(_PROBE_SECONDS)
    raise StackError(f"{part.title} does not run:\n{logs.tail(context.paths.log(part.name), 15)}")


async def _run(command: Command) -> None:
    process = await asyncio.create_subprocess_exec(
        *command.argv, env=dict(command.environ), cwd=command.cwd, stdout=asyncio.subprocess.DEVNULL
    )
    if await process.wait():
        raise StackError(f"{command.argv} failed")


if __name__ == "__main__":
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # probing a broker that starts is no error
    try:
        asyncio.run(train())
    except StackError as failure:
        sys.exit(str(failure))
