"""A process: an HTTP server and what works beside it, started and stopped together."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Coroutine, Iterator
from typing import Any, Protocol

import structlog

log = structlog.get_logger(__name__)
GRACE_S = 20.0

try:
    import uvloop
except ImportError:  # it has no wheel for every platform
    _new_event_loop = None
else:
    _new_event_loop = uvloop.new_event_loop


class Part(Protocol):
    """Something that works until it is told to stop."""

    async def run(self) -> None:
        """Work. It returns soon after `stop`, and only then; it raises when it cannot go on."""
        ...

    def stop(self) -> None:
        """Ask `run` to finish what it holds and to return. It does not block and may be called twice."""
        ...


class PartEndedError(Exception):
    """A part returned though nobody had asked it to stop."""


async def serve(*parts: Part, grace_s: float = GRACE_S) -> None:
    """Run all parts until SIGTERM or SIGINT, or until the first of them ends; then stop the others.

    A part that does not stop within `grace_s` seconds is cancelled; so are all at a second signal.

    Raises:
        ExceptionGroup: a part failed, or ended by itself.
    """
    # What was imported and built so far stays: each full collection would go through all of it again, and
    # everybody would wait for that, a tenth of a second.
    gc.collect()
    gc.freeze()
    tasks = [asyncio.create_task(part.run(), name=type(part).__name__) for part in parts]
    stopping = asyncio.Event()
    with _signals(stopping, tasks):
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        asked = stopping.is_set()
        ended = [task for task in tasks if task.done()]
        waiting.cancel()
        await _stop(parts, tasks, grace_s)
    _raise_failures(tasks, [] if asked else ended)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a process to its end. It exits with 1 after a failure, which is logged."""
    try:
        with asyncio.Runner(loop_factory=_new_event_loop) as runner:
            runner.run(main)
    except Exception:
        log.exception("process_failed")
        sys.exit(1)


async def _stop(parts: tuple[Part, ...], tasks: list[asyncio.Task[None]], grace_s: float) -> None:
    for part in parts:
        part.stop()
    _, late = await asyncio.wait(tasks, timeout=grace_s)
    for task in late:
        log.warning("part_cancelled", part=task.get_name(), grace_s=grace_s)
        task.cancel()
    if late:
        await asyncio.wait(late)


def _raise_failures(tasks: list[asyncio.Task[None]], ended: list[asyncio.Task[None]]) -> None:
    failures = [error for task in tasks if not task.cancelled() and (error := task.exception())]
    failures += [
        PartEndedError(task.get_name()) for task in ended if not task.cancelled() and not task.exception()
    ]
    if failures:
        raise BaseExceptionGroup("parts failed", failures)


@contextlib.contextmanager
def _signals(stopping: asyncio.Event, tasks: list[asyncio.Task[None]]) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        log.info("signal_received", signal=number.name)
        if stopping.is_set():
            for task in tasks:
                task.cancel()
        stopping.set()

    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
