"""`python -m notification migrate | api | consumer | sender | parked … | offsets … | restored | preview`."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from notification.app import run_api
from notification.consumer import build_redriver, build_repositioner, run_consumer
from notification.mail.preview import write_previews
from notification.sender import run_sender
from notification.service.restore import end_unfinished
from notification.settings import Settings
from service_kit import migrations, process
from service_kit.clock import SystemClock
from service_kit.consumer.cli import (
    add_offsets_command,
    add_parked_command,
    run_offsets_command,
    run_parked_command,
)
from service_kit.db import Database
from service_kit.logging import configure_logging

MIGRATIONS = Path(__file__).parent / "migrations"


def main() -> None:
    """Do what the command line says."""
    arguments = _parser().parse_args()
    if arguments.command == "preview":  # without a stack, so without settings
        print(write_previews(arguments.out))  # noqa: T201 - a command's output
        return
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
        case "offsets":
            sys.exit(asyncio.run(_offsets(settings, arguments)))
        case "restored":
            asyncio.run(_restored(settings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m notification")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the database's schema up to date")
    commands.add_parser("api", help="serve HTTP")
    commands.add_parser("consumer", help="turn changes and events into mails to send")
    commands.add_parser("sender", help="send the mails")
    add_parked_command(commands)
    add_offsets_command(commands)
    commands.add_parser("restored", help="end the mails that may have been sent since the backup was made")
    preview = commands.add_parser("preview", help="write every kind of mail to files, to look at")
    preview.add_argument("--out", type=Path, default=Path("mail-preview"), help="the folder (mail-preview)")
    return parser


async def _parked(settings: Settings, arguments: argparse.Namespace) -> int:
    database = Database(settings.database_url, application_name="notification.parked")
    try:
        return await run_parked_command(arguments, build_redriver(settings, database))
    finally:
        await database.close()


async def _offsets(settings: Settings, arguments: argparse.Namespace) -> int:
    database = Database(settings.database_url, application_name="notification.offsets")
    try:
        return await run_offsets_command(arguments, build_repositioner(settings, database))
    finally:
        await database.close()


async def _restored(settings: Settings) -> None:
    database = Database(settings.database_url, application_name="notification.restored")
    try:
        async with database.transaction() as session:
            ended = await end_unfinished(session, now=SystemClock().now())
    finally:
        await database.close()
    print(json.dumps({"mails_unconfirmed": ended}))  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
