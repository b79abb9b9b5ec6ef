"""Registers connectors and waits until they really work."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from connector.causes import explain, explain_trace
from connector.definition import Definition, variables_in
from connector.errors import ConnectorError
from connector.heartbeat import Heartbeats, heartbeats
from connector.rest import Connect, connect
from connector.settings import ConnectorSettings
from connector.source import diagnose, gap, renew_slot, slot_is_lost, slot_reader

_POLL_SECONDS = 0.2
_REVIVAL_SECONDS = 5.0
_ENDING_SECONDS = 90.0
_PROBE = "org.apache.kafka.connect.transforms.InsertHeader"


async def register_all(
    settings: ConnectorSettings, definitions: Sequence[Definition], *, patience: float
) -> AsyncIterator[tuple[Definition, ConnectorError | None]]:
    """Register the connectors in this order and wait for all of them at once; one's failure is its own.

    Yields:
        Each connector as soon as it is known, and why it does not work.
    """
    order = asyncio.Lock()

    async def attempt(definition: Definition) -> tuple[Definition, ConnectorError | None]:
        try:
            await register(settings, definition, patience=patience, order=order)
        except ConnectorError as error:
            return definition, error
        return definition, None

    for outcome in asyncio.as_completed([attempt(definition) for definition in definitions]):
        yield await outcome


async def register(
    settings: ConnectorSettings, definition: Definition, *, patience: float, order: asyncio.Lock | None = None
) -> None:
    """Create the connector or bring it up to date; return once a new heartbeat has arrived.

    Idempotent: a connector that has this configuration already goes on undisturbed. One that was stopped
    or paused is resumed, one that has failed is started again.

    Args:
        settings: where everything is.
        definition: the connector.
        patience: seconds to wait for the heartbeat.
        order: held until Connect has taken the configuration.

    Raises:
        ConnectorError: it cannot work, or no heartbeat came for `patience` seconds; says why, in words.
    """
    async with (
        connect(settings.connect_url) as worker,
        heartbeats(settings.kafka_bootstrap_servers, definition.heartbeat_topic) as beats,
    ):
        async with order or asyncio.Lock():
            await _check(worker, settings, definition)
            seen = await beats.count()
            await worker.put(definition.name, definition.config)
            # A new configuration alone does not end a stop or a pause.
            await worker.resume(definition.name)
        await _revive(worker, definition.name)
        if not await _wait_for_progress(worker, definition, beats, seen, patience):
            reason = await diagnose(settings, definition)
            raise ConnectorError(f"{definition.name} has sent no heartbeat for {patience:g} s. {reason}")


async def accept_gap(settings: ConnectorSettings, definition: Definition) -> bool:
    """Go on without the events that a lost slot had: a new slot, and no memory of the old one.

    Returns:
        Whether there was a gap. A slot that is there may have events that nobody has read, so without a
        failure of its connector, nothing is done.

    Raises:
        ConnectorError: Connect or the database do not let it.
    """
    async with connect(settings.connect_url) as worker:
        status = await worker.status(definition.name)
        if not (status and status.has_failed) and not await slot_is_lost(settings, definition):
            return False
        if status is None:
            await worker.create_stopped(definition.name, definition.config)
        else:
            await worker.stop(definition.name)
        # Connect refuses the one until the task has ended, PostgreSQL the other until its connection has.
        await _persist(lambda: worker.forget_offsets(definition.name))
        await _persist(lambda: renew_slot(settings, definition))
        await worker.resume(definition.name)
        return True


async def _persist(action: Callable[[], Awaitable[None]]) -> None:
    deadline = time.monotonic() + _ENDING_SECONDS
    while True:
        try:
            return await action()
        except ConnectorError:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_POLL_SECONDS)


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
    if problem := await gap(settings, definition):
        raise ConnectorError(f"{definition.name} was not registered. {problem}")
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
            raise ConnectorError(f"{definition.name} has failed. {explain_trace(status.trace)}")
        if await beats.count() > seen:
            return True
        await asyncio.sleep(_POLL_SECONDS)
    return False
