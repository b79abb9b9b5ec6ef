"""``python -m connector topics | register | status``, for the environment that its variables name."""

# ruff: noqa: T201 (what a command has to say, it prints)

import argparse
import asyncio
import logging
import sys

from connector import definition
from connector.causes import explain
from connector.contracts import load_topics
from connector.errors import ConnectorError
from connector.register import register
from connector.rest import connect
from connector.settings import ConnectorSettings
from connector.topics import ensure_topics

_PATIENCE_SECONDS = 60.0


async def _topics(settings: ConnectorSettings, _: argparse.Namespace) -> int:
    for name, outcome in (await ensure_topics(settings.kafka_bootstrap_servers, load_topics())).items():
        print(f"{name}: {outcome}")
    return 0


async def _register(settings: ConnectorSettings, options: argparse.Namespace) -> int:
    wanted = definition.load()
    await register(settings, wanted, patience=options.patience)
    print(f"{wanted.name}: registered, a heartbeat has arrived")
    return 0


async def _status(settings: ConnectorSettings, _: argparse.Namespace) -> int:
    name = definition.load().name
    async with connect(settings.connect_url) as worker:
        status = await worker.status(name)
    if status is None:
        print(f"{name}: not registered")
        return 1
    print(f"{name}: connector {status.connector}, task {status.task}")
    if status.has_failed:
        print(explain(status.trace))
    return int(status.has_failed)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m connector", description=__doc__)
    commands = parser.add_subparsers(required=True)
    commands.add_parser("topics", help="create the topics of contracts/topics").set_defaults(command=_topics)
    registering = commands.add_parser("register", help="create or update the connector, wait for a heartbeat")
    registering.add_argument(
        "--patience", type=float, default=_PATIENCE_SECONDS, help="seconds to wait for it"
    )
    registering.set_defaults(command=_register)
    commands.add_parser("status", help="show the states of the connector and its task").set_defaults(
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
