"""The supervisor: starts the plan's parts as early as their needs allow, and keeps them running.

One process per stack. It reports through `StackState`, obeys `Wanted` (read again on SIGUSR1), and
ends, with everything it started, on SIGTERM, on SIGINT, or when the pipe of its owner closes.
"""

import asyncio
import logging
import os
import shutil
import signal
import sys
from collections.abc import Coroutine

from local_stack import logs, plan, portcheck
from local_stack.board import Board
from local_stack.environment import Context
from local_stack.errors import StackError
from local_stack.keeper import Keeper
from local_stack.lock import kill_leftovers, locked
from local_stack.processes import Identity
from local_stack.state import PartPhase, StackPhase, StackState, Wanted

_log = logging.getLogger(__name__)
ALREADY_RUNNING = 3
"""The exit code of a supervisor that found another one at work."""
_LOG_CHECK_SECONDS = 5.0
_MIN_FREE_BYTES = 400 * 1024 * 1024
"""A new stack writes about this much before it is ready."""


class Supervisor:
    """Runs one stack in one event loop."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._board = Board(context.paths.state, StackState(Identity.of(os.getpid())))
        self._keepers: dict[str, Keeper] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, *, owned: bool) -> int:
        """Start everything and stay until asked to end. Returns the exit code: 0, or 1 after a failure."""
        error = ""
        self._listen(owned=owned)
        self._board.stack(StackPhase.STARTING)
        try:
            _check(self._context)
            self._do(self._bound_logs())
            self._obey()
            await self._end
        except StackError as failure:
            error = str(failure)
        except Exception as failure:  # noqa: BLE001 (whatever it is, the children must not outlive us)
            _log.exception("Unexpected")
            error = f"{type(failure).__name__}: {failure}"
        self._board.stack(StackPhase.STOPPING, error)
        await self._stop_all()
        self._board.stack(StackPhase.FAILED if error else StackPhase.STOPPED)
        return 1 if error else 0

    def _listen(self, *, owned: bool) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._finish)
        loop.add_signal_handler(signal.SIGUSR1, self._obey)
        if owned:
            loop.add_reader(sys.stdin.fileno(), self._owner_is_gone)

    def _owner_is_gone(self) -> None:
        """The owner never writes: what can be read is the end of the pipe."""
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        self._finish()

    def _finish(self, failure: BaseException | None = None) -> None:
        if self._end.done():
            return
        if failure:
            self._end.set_exception(failure)
        else:
            self._end.set_result(None)

    def _obey(self) -> None:
        """Make the stack what `Wanted` says: start parts that are missing, hold or release processes."""
        wanted = Wanted.load(self._context.paths.wanted)
        missing = [part for part in plan.within(wanted.scope) if part.name not in self._keepers]
        for part in missing:
            self._board.add(part)
            self._keepers[part.name] = Keeper(part, self._context, self._board)
        self._board.obeys(wanted, starting=bool(missing))
        for part in missing:
            self._do(self._keepers[part.name].run())
        if missing:
            self._do(self._announce())
        for name, keeper in self._keepers.items():
            if name in wanted.held:
                self._do(keeper.hold())
            else:
                keeper.release()

    async def _announce(self) -> None:
        await self._board.settled(self._keepers)
        self._board.stack(StackPhase.READY)

    def _do(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            self._finish(failure)

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.sleep(_LOG_CHECK_SECONDS)
            await asyncio.to_thread(logs.bound, self._context.paths.logs)

    async def _stop_all(self) -> None:
        """Stop every process once those that need it have stopped."""
        stops: dict[str, asyncio.Task[None]] = {}

        async def stop(name: str) -> None:
            users = [stops[user] for user, keeper in self._keepers.items() if name in keeper.part.needs]
            await asyncio.gather(*users)
            await self._keepers[name].hold()
            self._board.part(name, PartPhase.STOPPED)

        for name in self._keepers:
            stops[name] = asyncio.create_task(stop(name))
        await asyncio.gather(*stops.values())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _check(context: Context) -> None:
    """What must be true before anything starts.

    Raises:
        StackError: a port is taken, or the disk is full.
    """
    portcheck.require_free(context.ports, plan.port_variables(Wanted.load(context.paths.wanted).scope))
    free = shutil.disk_usage(context.paths.root).free
    if free < _MIN_FREE_BYTES:
        raise StackError(
            f"The disk is full: {free >> 20} MB are free where {context.paths.root} lies, and the stack "
            f"needs {_MIN_FREE_BYTES >> 20} MB. Make room, or set LOCAL_STATE_DIR."
        )


def supervise(context: Context, *, owned: bool) -> int:
    """Be the supervisor of the stack in this state folder, unless there is one.

    Returns:
        The exit code: 0 stopped as asked, 1 failed, ALREADY_RUNNING.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("local_stack").setLevel(logging.INFO)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # probing a broker that starts is no error
    with locked(context.paths) as mine:
        if not mine:
            return ALREADY_RUNNING
        kill_leftovers(context.paths)
        return asyncio.run(_run(context, owned=owned))


async def _run(context: Context, *, owned: bool) -> int:
    return await Supervisor(context).run(owned=owned)
