"""`python -m local_stack demo`: start the stack if need be, do the main job, count, stop what was started."""

import asyncio
import os
import time

from rich.console import Console

from local_stack.demo import report, stack
from local_stack.demo.act import perform
from local_stack.environment import Context

_YES = {"1", "true", "yes", "on"}


def demo(context: Context, console: Console) -> int:
    """Run the demo. The variable KEEP=1 leaves a stack running that was started here.

    Returns:
        0 if every count is exact, else 1.

    Raises:
        StackError: the stack does not start, or the demo cannot even begin.
    """
    begin = time.monotonic()
    keep = os.environ.get("KEEP", "").lower() in _YES
    with stack.running(context, console, keep=keep) as ready_seconds:
        outcome = asyncio.run(perform(context, console, ready_seconds))
        report.show(outcome, console, context.paths)
    console.print(f"{time.monotonic() - begin:.1f} s in all.")
    return 0 if outcome.is_exact else 1
