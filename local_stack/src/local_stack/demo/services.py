"""The REST interfaces that the demo asks: the task service, the notifier, the mail catcher."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import HeaderParser
from typing import Any

import httpx2

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
    headers = HeaderParser().parsestr(mail["source"])
    return CaughtMail(headers["Message-ID"].strip(), tuple(mail["recipients_envelope"]))


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
