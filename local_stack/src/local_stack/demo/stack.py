"""The stack below the demo: started for it, or found running and left so."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import Popen

from rich.console import Console

from local_stack import control
from local_stack.environment import Context
from local_stack.lock import is_running
from local_stack.progress import Progress
from local_stack.state import Scope, Wanted
from local_stack.status import current, memory_bytes


@contextmanager
def running(context: Context, console: Console, *, keep: bool) -> Iterator[float | None]:
    """Have the stack ready inside the block.

    Args:
        context: the stack.
        console: shows the progress.
        keep: leave a stack running that was started here.

    Yields:
        The seconds until it was ready, None if it ran already: then it runs on afterwards.
    """
    if is_running(context.paths):
        control.ask(context.paths, Wanted(Scope.ALL))
        _follow(context, console, None)
        yield None
        return
    begin = time.monotonic()
    # Not kept, it ends with us, whatever ends us.
    process = control.launch(context, Scope.ALL, owned=not keep)
    started = False
    try:
        _follow(context, console, process)
        started = True
        yield time.monotonic() - begin
    finally:
        if not (keep and started):
            console.print("Stopping the stack.")
            control.stop(context.paths)
            process.wait()


def _follow(context: Context, console: Console, process: Popen[bytes] | None) -> None:
    progress = Progress(console)
    with progress.shown():
        control.follow(context.paths, process, progress.update)


def resident_bytes(context: Context) -> int:
    """The resident memory of all processes. Pages that they share count for each: an upper bound."""
    state = current(context)
    return memory_bytes(state.supervisor) if state else 0
