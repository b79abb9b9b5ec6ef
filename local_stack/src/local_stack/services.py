"""Our own services, the topics and the connector: everything above the infrastructure."""

from typing import TYPE_CHECKING

import httpx2
import sys

from local_stack.environment import HOST
from local_stack.parts import Plan, Process, Run, Step
from local_stack.paths import ROOT
from local_stack.processes import Command
from local_stack.state import Scope

if TYPE_CHECKING:
    from local_stack.environment import Context


def _python(context: "Context", *arguments: str) -> Command:
    return Command((sys.executable, "-m", *arguments), context.environ, ROOT)


def _step(name: str, title: str, needs: tuple[str, ...], *arguments: str) -> Step:
    async def work(context: "Context", run: Run) -> None:
        await run(_python(context, *arguments))

    return Step(name=name, title=title, needs=needs, scope=Scope.ALL, work=work)


def _service(name: str, title: str, needs: tuple[str, ...], port: str, *arguments: str) -> Process:
    async def is_ready(context: "Context") -> bool:
        async with httpx2.AsyncClient(timeout=3) as client:
            number = getattr(context.ports, port.lower())
            return (await client.get(f"http://{HOST}:{number}/health/ready")).is_success

    return Process(
        name=name,
        title=title,
        needs=needs,
        scope=Scope.ALL,
        command=lambda context: _python(context, *arguments),
        is_ready=is_ready,
        ports=(port,),
    )


PARTS: Plan = ()
