"""``python -m connector topics | register | status``, for the environment that its variables name."""

# ruff: noqa: T201 (what a command has to say, it prints)

import argparse
import asyncio
import logging
import sys

from connector import definition
from connector.causes import explain_trace
from connector.contracts import load_topics
from connector.errors import ConnectorError
from connector.register import accept_gap, register_all
from connector.rest import Connect, connect
from connector.settings import ConnectorSettings
from connector.topics import ensure_topics

_PATIENCE_SECONDS = 60.0


async def _topics(settings: ConnectorSettings, _: argparse.Namespace) -> int:
    for name, outcome in (await ensure_topics(settings.kafka_bootstrap_servers, load_topics())).items():
        print(f"{name}: {outcome}")
    return 0


async def _register(settings: ConnectorSettings, options: argparse.Namespace) -> int:
    definitions = definition.load_all()
    for wanted in definitions:
        if wanted.name == options.accept_gap:
            given_up = await accept_gap(settings, wanted)
            outcome = (
                "what it had not read is given up, its slot is a new one" if given_up else "it has no gap"
            )
            print(f"{wanted.name}: {outcome}")
    failures = 0
    async for wanted, error in register_all(settings, definitions, patience=options.patience):
        if error is None:
            print(f"{wanted.name}: registered, a heartbeat has arrived", flush=True)
        else:
            print(f"{wanted.name}: {error}", file=sys.stderr, flush=True)
            failures += 1
    return int(failures > 0)


async def _status(settings: ConnectorSettings, _: argparse.Namespace) -> int:
    async with connect(settings.connect_url) as worker:
        return max([await _show(worker, wanted.name) for wanted in definition.load_all()])


async def _show(worker: Connect, name: str) -> int:
    status = await worker.status(name)
    if status is None:
        print(f"{name}: not registered")
        return 1
    print(f"{name}: connector {status.connector}, task {status.task}")
    if status.has_failed:
        print(explain_trace(status.trace))
    return int(status.has_failed)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m connector", description=__doc__)
    commands = parser.add_subparsers(required=True)
    commands.add_parser("topics", help="create the topics of contracts/topics").set_defaults(command=_topics)
    registering = commands.add_parser(
        "register", help="create or update the connectors, wait for a heartbeat of each"
    )
    registering.add_argument(
        "--patience", type=float, default=_PATIENCE_SECONDS, help="seconds to wait for it"
    )
    registering.add_argument(
        "--accept-gap",
        metavar="NAME",
        choices=[wanted.name for wanted in definition.load_all() if wanted.needs_its_slot],
        help="give up the events that this connector's lost slot had (docs/runbooks/slot-lost.md)",
    )
    registering.set_defaults(command=_register)
    commands.add_parser("status", help="show the states of the connectors and their tasks").set_defaults(
        command=_status
    )
    options = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its errors reach us as exceptions
    try:
        return asyncio.run(options.command(ConnectorSettings(), options))
    except ConnectorError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
