"""Kafka Connect's REST interface, as far as it is needed here."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx2

from connector.errors import ConnectorError

_TIMEOUT_SECONDS = 30.0
"""A validation connects to the database, which may take its time to refuse."""
_REBALANCE_SECONDS = 20.0
"""While the workers share out the connectors, which each new one makes them do, they answer 409."""
_RETRY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Status:
    """States as Connect reports them: UNASSIGNED, RUNNING, PAUSED, STOPPED, FAILED, RESTARTING."""

    connector: str
    task: str
    trace: str
    """The Java stack trace of what failed; empty if nothing did."""

    @property
    def has_failed(self) -> bool:
        return "FAILED" in {self.connector, self.task}


@dataclass(frozen=True, slots=True)
class Option:
    """One option as Connect's validation sees it."""

    name: str
    value: str | None
    errors: Sequence[str]


class Connect:
    """A client of one worker."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def plugins(self) -> list[str]:
        """The classes of the connectors that the worker can run."""
        return [plugin["class"] for plugin in await self._json("GET", "/connector-plugins")]

    async def validate(self, plugin: str, config: Mapping[str, str]) -> list[Option]:
        """What the plugin makes of these options, as the worker resolves them."""
        answer = await self._json("PUT", f"/connector-plugins/{plugin}/config/validate", config)
        values = [entry["value"] for entry in answer["configs"]]
        return [Option(value["name"], value["value"], value["errors"]) for value in values]

    async def put(self, name: str, config: Mapping[str, str]) -> None:
        """Create the connector or change it to this configuration."""
        await self._json("PUT", f"/connectors/{name}/config", dict(config))

    async def create_stopped(self, name: str, config: Mapping[str, str]) -> None:
        """Create the connector without starting it (KIP-980)."""
        await self._json("POST", "/connectors", {"name": name, "config": config, "initial_state": "STOPPED"})

    async def stop(self, name: str) -> None:
        """Have the connector's task ended, soon after this returns."""
        await self._json("PUT", f"/connectors/{name}/stop")

    async def resume(self, name: str) -> None:
        """Let a stopped or paused connector go on, soon after this returns; one that runs is not touched."""
        await self._json("PUT", f"/connectors/{name}/resume")

    async def forget_offsets(self, name: str) -> None:
        """Delete the note of how far a stopped connector has come; refused until its task has ended."""
        await self._json("DELETE", f"/connectors/{name}/offsets")

    async def restart_failed(self, name: str) -> None:
        """Have what has failed of a connector started again, soon after this returns."""
        await self._json("POST", f"/connectors/{name}/restart?includeTasks=true&onlyFailed=true")

    async def status(self, name: str) -> Status | None:
        """The connector's state, or None as long as it has none."""
        path = f"/connectors/{name}/status"
        response = await self._client.get(path)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        raw = _read("GET", path, response)
        task = raw["tasks"][0] if raw["tasks"] else {"state": "UNASSIGNED"}
        return Status(
            raw["connector"]["state"], task["state"], task.get("trace") or raw["connector"].get("trace") or ""
        )

    async def _json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        deadline = time.monotonic() + _REBALANCE_SECONDS
        response = await self._client.request(method, path, json=body)
        while response.status_code == HTTPStatus.CONFLICT and time.monotonic() < deadline:
            await asyncio.sleep(_RETRY_SECONDS)
            response = await self._client.request(method, path, json=body)
        return _read(method, path, response)


def _read(method: str, path: str, response: httpx2.Response) -> Any:
    if response.is_error:
        raise ConnectorError(f"Kafka Connect refuses {method} {path}: {_message(response)}")
    try:
        return response.json() if response.content else None
    except ValueError as error:
        raise ConnectorError(
            f"{method} {path}: this is not what Kafka Connect answers. Does CONNECT_URL name something else?"
        ) from error


def _message(response: httpx2.Response) -> str:
    try:
        return response.json()["message"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[Connect]:
    """A client of the worker at `url`.

    Raises:
        ConnectorError: at any time in the block, if the worker cannot be reached.
    """
    try:
        async with httpx2.AsyncClient(base_url=url, timeout=_TIMEOUT_SECONDS) as client:
            yield Connect(client)
    except httpx2.TransportError as error:
        raise ConnectorError(
            f"Kafka Connect is not reachable at {url} (CONNECT_URL): is the worker running? ({error!r})"
        ) from error
