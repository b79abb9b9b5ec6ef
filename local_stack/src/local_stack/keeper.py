"""Runs one part: a step to its end, a process for as long as the stack lives."""

import asyncio
import signal
import time

from local_stack import logs, portcheck, processes
from local_stack.board import Board
from local_stack.environment import Context
from local_stack.errors import StackError
from local_stack.parts import Process, Step
from local_stack.processes import Command
from local_stack.state import PartPhase

_PROBE_SECONDS = 0.1
_PROBE_TIMEOUT_SECONDS = 5.0
_FIRST_BACKOFF_SECONDS = 0.5
_LAST_BACKOFF_SECONDS = 15.0
_STABLE_SECONDS = 30.0
"""Who ran this long starts again with the shortest back-off."""
_START_ATTEMPTS = 3
"""How often a process may die before it was ever ready until its start counts as failed."""
_QUOTED_LINES = 15
_FULL_DISK = "No space left on device"


class Keeper:
    """Owns the children of one part and tells the board about them."""

    def __init__(self, part: Step | Process, context: Context, board: Board) -> None:
        self.part = part
        self._context = context
        self._board = board
        self._log = context.paths.log(part.name)
        self._log_start = 0
        self._child: asyncio.subprocess.Process | None = None
        self._released = asyncio.Event()
        self._released.set()
        self._was_ready = False

    async def run(self) -> None:
        """Do the part's work once its needs are settled.

        Raises:
            StackError: a step failed, or a process never became ready; says why, with its last words.
        """
        await self._board.settled(self.part.needs)
        try:
            if isinstance(self.part, Step):
                await self._do(self.part)
            else:
                await self._keep(self.part)
        except OSError as error:
            raise StackError(f"{self.part.title}: {error}") from error

    async def stop(self) -> None:
        """End the child if there is one; a process that is not released after this starts again."""
        if self._child is None or self._child.returncode is not None:
            return
        part = self.part
        if isinstance(part, Process):
            await processes.stop(self._child, part.stop_signal, part.stop_timeout)
        else:
            processes.kill_group(self._child.pid)
            await self._child.wait()

    async def hold(self) -> None:
        """Stop the process and leave it down until `release`."""
        self._released.clear()
        await self.stop()

    def release(self) -> None:
        self._released.set()

    async def _do(self, step: Step) -> None:
        self._board.part(step.name, PartPhase.STARTING)
        self._log_start = logs.size(self._log)
        await step.work(self._context, self._run)
        self._board.part(step.name, PartPhase.DONE)

    async def _run(self, command: Command) -> None:
        child = await self._spawn(command)
        code = await child.wait()
        self._board.process(self.part.name, None)
        if code:
            raise StackError(self._last_words(f"{self.part.title} failed ({_ending(code)})"))

    async def _keep(self, part: Process) -> None:
        attempts, backoff = 0, _FIRST_BACKOFF_SECONDS
        while True:
            await self._wait_until_released(part)
            begin = time.monotonic()
            trouble = await self._live(part)
            attempts += 1
            if not self._was_ready and attempts == _START_ATTEMPTS:
                raise StackError(self._last_words(f"{part.title} does not start: {trouble}"))
            if not self._released.is_set():
                continue
            if time.monotonic() - begin > _STABLE_SECONDS:
                backoff = _FIRST_BACKOFF_SECONDS
            self._board.restart(part.name, f"{trouble}; starts again in {backoff:g} s")
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, _LAST_BACKOFF_SECONDS)

    async def _wait_until_released(self, part: Process) -> None:
        if not self._released.is_set():
            self._board.part(part.name, PartPhase.HELD)
            await self._released.wait()

    async def _live(self, part: Process) -> str:
        """One life of the process, from its start to its end. Returns why it ended."""
        self._log_start = logs.size(self._log)
        child = await self._spawn(part.command(self._context))
        self._board.part(part.name, PartPhase.STARTING)
        try:
            trouble = await self._until_ready(part, child)
            if trouble is None:
                self._was_ready = True
                self._board.part(part.name, PartPhase.READY)
                trouble = _ending(await child.wait())
            return trouble
        finally:
            processes.kill_group(child.pid)
            await child.wait()
            self._board.process(part.name, None)

    async def _until_ready(self, part: Process, child: asyncio.subprocess.Process) -> str | None:
        """Probe until the process is ready (None); otherwise return why it is not going to be."""
        deadline = time.monotonic() + part.start_timeout
        ended = asyncio.ensure_future(child.wait())
        try:
            while time.monotonic() < deadline:
                reason = await self._probe(part)
                if child.returncode is not None:
                    return _ending(child.returncode)
                if reason is None:
                    return None
                await asyncio.wait({ended}, timeout=_PROBE_SECONDS)
            return f"not ready after {part.start_timeout:g} s ({reason})"
        finally:
            ended.cancel()

    async def _probe(self, part: Process) -> str | None:
        """Ask once whether the process is ready (None); otherwise return what it answered."""
        if any(portcheck.is_free(getattr(self._context.ports, name.lower())) for name in part.ports):
            return "it does not listen yet"
        try:
            ready = await asyncio.wait_for(part.is_ready(self._context), _PROBE_TIMEOUT_SECONDS)
        except StackError:
            raise
        except Exception as error:  # noqa: BLE001 (whatever a client raises against a server that starts)
            return f"{type(error).__name__}: {error}"
        return None if ready else "it says that it is not ready"

    async def _spawn(self, command: Command) -> asyncio.subprocess.Process:
        self._child = await processes.spawn(command, self._log)
        self._board.process(self.part.name, self._child.pid)
        if not self._released.is_set():  # held while it was being started
            processes.kill_group(self._child.pid)
        return self._child

    def _last_words(self, what: str) -> str:
        quoted = logs.tail(self._log, _QUOTED_LINES, self._log_start)
        hint = "\nThe disk is full: make room, then start again." if _FULL_DISK in quoted else ""
        return f"{what}\n{quoted}\nMore in {self._log}{hint}"


def _ending(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"it ended with exit code {code}"
