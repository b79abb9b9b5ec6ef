"""Registers a connector and waits until it really works."""

import asyncio
import time

from connector.causes import explain
from connector.definition import Definition, variables_in
from connector.errors import ConnectorError
from connector.heartbeat import Heartbeats, heartbeats
from connector.rest import Connect, connect
from connector.settings import ConnectorSettings
from connector.source import diagnose, slot_reader

_POLL_SECONDS = 0.2
_REVIVAL_SECONDS = 5.0
_PROBE = "org.apache.kafka.connect.transforms.InsertHeader"


async def register(settings: ConnectorSettings, definition: Definition, *, patience: float) -> None:
    """Create the connector or bring it up to date; return once a new heartbeat has arrived.

    Idempotent: a connector that has this configuration already goes on undisturbed.

    Raises:
        ConnectorError: it cannot work, or no heartbeat came for `patience` seconds; says why, in words.
    """
    async with (
        connect(settings.connect_url) as worker,
        heartbeats(settings.kafka_bootstrap_servers, definition.heartbeat_topic) as beats,
    ):
        await _check(worker, settings, definition)
        seen = await beats.count()
        await worker.put(definition.name, definition.config)
        await _revive(worker, definition.name)
        if not await _wait_for_progress(worker, definition, beats, seen, patience):
            reason = await diagnose(settings, definition)
            raise ConnectorError(f"{definition.name} has sent no heartbeat for {patience:g} s. {reason}")


async def _revive(worker: Connect, name: str) -> None:
    """Start a connector that has failed again, which Connect does only on demand.

    It goes on reporting the old failure for a moment; after that, a failure is a new one.
    """
    status = await worker.status(name)
    if status is None or not status.has_failed:
        return
    await worker.restart_failed(name)
    deadline = time.monotonic() + _REVIVAL_SECONDS
    while status and status.has_failed and time.monotonic() < deadline:
        await asyncio.sleep(_POLL_SECONDS / 4)
        status = await worker.status(name)


async def _check(worker: Connect, settings: ConnectorSettings, definition: Definition) -> None:
    """Find what would fail anyway, before the connector is touched."""
    if definition.config["connector.class"] not in await worker.plugins():
        raise ConnectorError(explain("ClassNotFoundException"))
    if missing := await _missing_variables(worker, definition):
        raise ConnectorError(f"The environment of the Connect worker lacks {', '.join(missing)}")
    if faults := await _faults(worker, definition):
        raise ConnectorError("\n".join(faults))
    if await worker.status(definition.name) is None and (reader := await slot_reader(settings, definition)):
        raise ConnectorError(reader)


async def _missing_variables(worker: Connect, definition: Definition) -> list[str]:
    """The variables that the worker could not resolve.

    It leaves such a reference as it is, and its validation shows the options of a transform as it
    resolved them: so a transform that refers to them all tells which are missing. Passwords are left
    out, because an answer must not show one.
    """
    names = [name for name in definition.variables if "PASSWORD" not in name]
    probe = {
        "connector.class": definition.config["connector.class"],
        "transforms": "probe",
        "transforms.probe.type": _PROBE,
        "transforms.probe.header": "probe",
        "transforms.probe.value.literal": " ".join(f"${{env:{name}}}" for name in names),
    }
    options = {option.name: option.value for option in await worker.validate(definition.plugin, probe)}
    return variables_in(options["transforms.probe.value.literal"] or "")


async def _faults(worker: Connect, definition: Definition) -> list[str]:
    """What the validation says, which connects to the database as the connector would."""
    options = await worker.validate(definition.plugin, {**definition.config, "name": definition.name})
    return [explain(text, otherwise=f"{option.name}: {text}") for option in options for text in option.errors]


async def _wait_for_progress(
    worker: Connect, definition: Definition, beats: Heartbeats, seen: int, patience: float
) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        status = await worker.status(definition.name)
        if status and status.has_failed:
            raise ConnectorError(f"{definition.name} has failed. {explain(status.trace)}")
        if await beats.count() > seen:
            return True
        await asyncio.sleep(_POLL_SECONDS)
    return False
