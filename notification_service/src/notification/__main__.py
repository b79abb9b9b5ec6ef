"""`python -m notification migrate | api | consumer | sender | parked …`."""

import argparse
import asyncio
import sys
from pathlib import Path

from notification.app import run_api
from notification.consumer import build_redriver, run_consumer
from notification.sender import run_sender
from notification.settings import Settings
from service_kit import migrations, process
from service_kit.consumer.cli import add_parked_command, run_parked_command
from service_kit.db import Database
from service_kit.logging import configure_logging

MIGRATIONS = Path(__file__).parent / "migrations"


def main() -> None:
    """Do what the command line says."""
    arguments = _parser().parse_args()
    settings = Settings()
    configure_logging(
        service=f"notification.{arguments.command}", level=settings.log_level, log_format=settings.log_format
    )
    match arguments.command:
        case "migrate":
            migrations.upgrade(settings.database_url, MIGRATIONS)
        case "api":
            process.run(run_api(settings))
        case "consumer":
            process.run(run_consumer(settings))
        case "sender":
            process.run(run_sender(settings))
        case "parked":
            sys.exit(asyncio.run(_parked(settings, arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m notification")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the database's schema up to date")
    commands.add_parser("api", help="serve HTTP")
    commands.add_parser("consumer", help="turn changes of assignments into mails to send")
    commands.add_parser("sender", help="send the mails")
    add_parked_command(commands)
    return parser


async def _parked(settings: Settings, arguments: argparse.Namespace) -> int:
    database = Database(settings.database_url, application_name="notification.parked")
    try:
        return await run_parked_command(arguments, build_redriver(settings, database))
    finally:
        await database.close()


if __name__ == "__main__":
    main()
