"""`python -m task_meeting migrate | api | consumer | parked …`."""

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path

from service_kit import migrations, parked, process
from service_kit.db import Database
from service_kit.logging import configure_logging
from task_meeting.app import run_api
from task_meeting.consumer import build_redriver, run_consumer
from task_meeting.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def main() -> None:
    """Do what the command line says."""
    arguments = _parser().parse_args()
    settings = Settings()  # type: ignore[call-arg]  # the environment gives the rest
    configure_logging(
        service=f"task_meeting.{arguments.command}", level=settings.log_level, log_format=settings.log_format
    )
    commands: dict[str, Callable[[], None]] = {
        "migrate": lambda: migrations.upgrade(settings.database_url, MIGRATIONS),
        "api": lambda: process.run(run_api(settings)),
        "consumer": lambda: process.run(run_consumer(settings)),
        "parked": lambda: asyncio.run(_parked(settings, arguments)),
    }
    commands[arguments.command]()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m task_meeting")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the database's schema up to date")
    commands.add_parser("api", help="serve HTTP")
    commands.add_parser("consumer", help="follow the assignments")
    parked.add_arguments(commands.add_parser("parked", help="messages that could not be applied"))
    return parser


async def _parked(settings: Settings, arguments: argparse.Namespace) -> None:
    database = Database(settings.database_url, application_name="task_meeting.parked")
    try:
        await parked.run(build_redriver(database), arguments)
    finally:
        await database.close()


if __name__ == "__main__":
    main()
