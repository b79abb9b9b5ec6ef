"""The doors of the suite that the demo knocks at, all of them real."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx2

from local_stack.demo.admin import Admin
from local_stack.demo.services import MailCatcher, Meetings, Notifier, Tasks, TaskService
from local_stack.demo.topics import Followed, follow
from local_stack.environment import HOST, Context
from local_stack.tokens import SignedIn

_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Doors:
    """The APIs are asked with the administrator's token; `events` are what has come on the topics so far."""

    admin: Admin
    task: TaskService
    tasks: Tasks
    notifier: Notifier
    catcher: MailCatcher
    events: Followed
    context: Context
    clients: AsyncExitStack

    async def desk_of(self, username: str, password: str) -> tuple[Tasks, Meetings]:
        """What somebody else works with, who signs in with a token of their own."""
        auth = SignedIn(self.context.exported["AUTH_ISSUER"], username, password)
        client = await _client(self.clients, self.context.ports.task_meeting_api_port, auth)
        return Tasks(client), Meetings(client)

    async def lets_in(self, username: str, password: str) -> bool:
        """Whether somebody gets an access token now."""
        client = await _client(self.clients, self.context.ports.user_team_port)
        answer = await client.post("/api/token", data={"username": username, "password": password})
        return answer.is_success


@asynccontextmanager
async def connected(context: Context) -> AsyncIterator[Doors]:
    """Clients of the running stack."""
    ports, superuser = context.ports, SignedIn.superuser(context.exported)
    async with AsyncExitStack() as clients:
        events = await clients.enter_async_context(follow(context.exported["KAFKA_BOOTSTRAP_SERVERS"]))
        task = await _client(clients, ports.task_meeting_api_port, superuser)
        yield Doors(
            admin=Admin(await _client(clients, ports.user_team_port)),
            task=TaskService(task),
            tasks=Tasks(task),
            notifier=Notifier(await _client(clients, ports.notification_api_port, superuser)),
            catcher=MailCatcher(await _client(clients, ports.mail_ui_port)),
            events=events,
            context=context,
            clients=clients,
        )


async def _client(clients: AsyncExitStack, port: int, auth: httpx2.Auth | None = None) -> httpx2.AsyncClient:
    client = httpx2.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=_TIMEOUT_SECONDS, auth=auth)
    return await clients.enter_async_context(client)
