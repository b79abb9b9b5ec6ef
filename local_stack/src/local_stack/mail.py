"""The mail catcher: takes every e-mail, delivers none, and shows them on a page and by REST."""

from typing import TYPE_CHECKING

import httpx2

from local_stack import tools
from local_stack.environment import HOST
from local_stack.parts import Process, Run, Step
from local_stack.processes import Command

if TYPE_CHECKING:
    from local_stack.environment import Context

_TOOL = "mail-catcher"


async def _install(context: "Context", run: Run) -> None:
    await tools.provide(_TOOL, context, run)


def _catcher(context: "Context") -> Command:
    context.paths.mail.mkdir(parents=True, exist_ok=True)
    argv = (
        *(tools.python_of(_TOOL), "-m", "sendria", "--foreground", "--no-quit"),
        *("--db", str(context.paths.mail / "mails.sqlite")),
        *("--smtp-ip", HOST, "--smtp-port", str(context.ports.smtp_port)),
        *("--http-ip", HOST, "--http-port", str(context.ports.mail_ui_port)),
    )
    return Command(argv, context.environ, context.paths.mail)


async def _is_ready(context: "Context") -> bool:
    async with httpx2.AsyncClient(timeout=3) as client:
        answer = await client.get(f"http://{HOST}:{context.ports.mail_ui_port}/api/messages/")
        return answer.is_success


PARTS = (
    Step(name="mail-install", title="Mail catcher: installation", work=_install),
    Process(
        name="mail",
        title="Mail catcher",
        needs=("mail-install",),
        command=_catcher,
        is_ready=_is_ready,
        ports=("SMTP_PORT", "MAIL_UI_PORT"),
        stop_timeout=5,
    ),
)
