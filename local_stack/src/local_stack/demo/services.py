"""The REST interfaces that the demo uses: the task service, the notifier, the mail catcher."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import HeaderParser
from typing import Any

import httpx2

from local_stack.demo import invitations
from local_stack.demo.errors import DemoError
from local_stack.demo.invitations import Invitation

Json = dict[str, Any]

_PAGE_SIZE = 100


class TaskService:
    """People, teams and assignments as the task service shows them."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def users(self) -> list[Json]:
        """Everybody, without their assignments."""
        return [user async for user in _pages(self._client, "/api/users/", "users")]

    async def user(self, oid: str) -> Json:
        """One person with their assignments; a person without any is `{"assignments": []}`."""
        answer = await self._client.get(f"/api/users/{oid}/")
        if answer.status_code == httpx2.codes.NOT_FOUND:
            return {"assignments": []}
        return answer.raise_for_status().json()

    async def projects(self) -> list[Json]:
        """Every project."""
        return [project async for project in _pages(self._client, "/api/projects/", "projects")]

    async def teams(self) -> list[Json]:
        """Every team."""
        return [team async for team in _pages(self._client, "/api/teams/", "teams")]

    async def team(self, oid: str) -> Json:
        """One team with its members."""
        return (await self._client.get(f"/api/teams/{oid}/")).raise_for_status().json()

    async def trace(self, assignment: int) -> Json:
        """The moments of the last change of an assignment."""
        return (await self._client.get(f"/api/trace/{assignment}/")).raise_for_status().json()


class Tasks:
    """Tasks, as one signed-in person works with them."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def create(self, **fields: object) -> Json:
        """A new task."""
        return (await _send(self._client, "POST", "/api/tasks/", fields)).json()

    async def change(self, oid: str, **fields: object) -> Json:
        """Change some fields of a task; the status is one of them."""
        return (await _send(self._client, "PATCH", f"/api/tasks/{oid}/", fields)).json()

    async def comment(self, oid: str, body: str) -> None:
        await _send(self._client, "POST", f"/api/tasks/{oid}/comments/", {"body": body})

    async def reassign(self, key: str, **scope: object) -> Json:
        """Have a job give the open tasks to other people; the same key gives the same job."""
        headers = {"Idempotency-Key": key}
        return (await _send(self._client, "POST", "/api/tasks/reassign/", scope, headers)).json()

    async def job(self, oid: str) -> Json:
        """How far a job is."""
        return (await self._client.get(f"/api/reassign/{oid}/")).raise_for_status().json()

    async def proof(self, oid: str) -> Json:
        """All choices of a job, with the pools that they were made from."""
        path, query = f"/api/reassign/{oid}/proof/", {"size": _PAGE_SIZE}
        proof = whole = (await self._client.get(path, params=query)).raise_for_status().json()
        while cursor := proof["next_cursor"]:
            answer = await self._client.get(path, params={**query, "cursor": cursor})
            proof = answer.raise_for_status().json()
            for part in ("pools", "choices"):
                whole[part] += proof[part]
        return whole


class Meetings:
    """Meetings, as one signed-in person organizes them."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def schedule(self, **fields: object) -> Json:
        """A new meeting."""
        return (await _send(self._client, "POST", "/api/meetings/", fields)).json()

    async def change(self, oid: str, **fields: object) -> Json:
        """Change some fields of a meeting."""
        return (await _send(self._client, "PATCH", f"/api/meetings/{oid}/", fields)).json()

    async def cancel(self, oid: str) -> None:
        await _send(self._client, "DELETE", f"/api/meetings/{oid}/")


class Notifier:
    """What the notifier says that became of the mails."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def mails(self, **filters: str | int) -> list[Json]:
        """The mails that match, the newest first."""
        return [mail async for mail in _pages(self._client, "/notifications", "notifications", **filters)]


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """A mail that the catcher took; `recipients` are those of the SMTP envelope."""

    message_id: str
    recipients: tuple[str, ...]
    invitations: frozenset[Invitation] = frozenset()


class MailCatcher:
    """The end of the way: what a mail server really took."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def mails_since(self, moment: datetime) -> list[CaughtMail]:
        """What was caught from this moment (aware) on. The catcher's clock shows whole seconds."""
        since = moment.replace(microsecond=0)
        caught: dict[int, CaughtMail] = {}
        page, pages = 1, 1
        while page <= pages:
            answer = (
                (await self._client.get("/api/messages/", params={"page": page})).raise_for_status().json()
            )
            new = [mail for mail in answer["data"] if _caught_at(mail) >= since]
            caught |= {mail["id"]: _mail(mail) for mail in new}
            # The newest come first.
            pages = answer["meta"]["pages_total"] if len(new) == len(answer["data"]) else page
            page += 1
        return list(caught.values())


def _caught_at(mail: Json) -> datetime:
    return datetime.fromisoformat(mail["created_at"]).replace(tzinfo=UTC)


def _mail(mail: Json) -> CaughtMail:
    source, recipients = mail["source"], tuple(mail["recipients_envelope"])
    message_id = HeaderParser().parsestr(source)["Message-ID"].strip()
    # Most mails have none, and reading a mail whole takes a while.
    has_calendar = "text/calendar" in source
    asked = frozenset(invitations.read(source, recipients)) if has_calendar else frozenset()
    return CaughtMail(message_id, recipients, asked)


async def _send(
    client: httpx2.AsyncClient,
    method: str,
    path: str,
    body: Json | None = None,
    headers: dict[str, str] | None = None,
) -> httpx2.Response:
    answer = await client.request(method, path, json=body, headers=headers)
    if not answer.is_success:
        raise DemoError(f"{method} {path}: HTTP {answer.status_code} {answer.text}")
    return answer


async def _pages(
    client: httpx2.AsyncClient, path: str, items: str, **filters: str | int
) -> AsyncIterator[Json]:
    """Each item of a list that comes in pages."""
    page, seen, total = 1, 0, 1
    while seen < total:
        answer = await client.get(path, params={**filters, "page": page, "size": _PAGE_SIZE})
        body = answer.raise_for_status().json()
        for item in body[items]:
            yield item
        page, seen, total = page + 1, seen + _PAGE_SIZE, body["total"]
