"""The step that has `train` make the start-up caches of the Java programs."""

import logging
import sys
from typing import TYPE_CHECKING

from local_stack import connect, java, kafka
from local_stack.errors import StackError
from local_stack.parts import Run, Step
from local_stack.paths import ROOT
from local_stack.processes import Command

if TYPE_CHECKING:
    from local_stack.environment import Context

_log = logging.getLogger(__name__)


async def _provide(context: "Context", run: Run) -> None:
    if all(java.cache_of(part.name).exists() for part in (kafka.BROKER, connect.WORKER)):
        return
    try:
        await run(Command((sys.executable, "-m", "local_stack.train"), context.environ, ROOT))
    except StackError as error:
        # Without them everything works, and starts some seconds later.
        _log.warning("No start-up caches: %s", error)


PARTS = (
    Step(name="java-caches", title="Kafka and Connect: start-up caches", needs=("jars",), work=_provide),
)
