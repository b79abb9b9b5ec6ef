"""`python -m task_meeting migrate | api | consumer | jobs | parked … | offsets …`."""

import argparse
import asyncio
import sys
from pathlib import Path

from service_kit import migrations, process
from service_kit.consumer.cli import (
    add_offsets_command,
    add_parked_command,
    run_offsets_command,
    run_parked_command,
)
from service_kit.db import Database
from service_kit.logging import configure_logging
from task_meeting.app import run_api
from task_meeting.consumer import build_redriver, build_repositioner, run_consumer
from task_meeting.jobs import run_jobs
from task_meeting.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def main() -> None:
    """Do what the command line says."""
    arguments = _parser().parse_args()
    settings = Settings()
    configure_logging(
        service=f"task_meeting.{arguments.command}", level=settings.log_level, log_format=settings.log_format
    )
    match arguments.command:
        case "migrate":
            migrations.upgrade(settings.database_url, MIGRATIONS)
        case "api":
            process.run(run_api(settings))
        case "consumer":
            process.run(run_consumer(settings))
        case "jobs":
            process.run(run_jobs(settings))
        case "parked":
            sys.exit(asyncio.run(_parked(settings, arguments)))
        case "offsets":
            sys.exit(asyncio.run(_offsets(settings, arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m task_meeting")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the database's schema up to date")
    commands.add_parser("api", help="serve HTTP")
    commands.add_parser("consumer", help="follow the assignments")
    commands.add_parser("jobs", help="do what is queued, such as reassigning tasks, and keep house")
    add_parked_command(commands)
    add_offsets_command(commands)
    return parser


async def _parked(settings: Settings, arguments: argparse.Namespace) -> int:
    database = Database(settings.database_url, application_name="task_meeting.parked")
    try:
        return await run_parked_command(arguments, build_redriver(database))
    finally:
        await database.close()


async def _offsets(settings: Settings, arguments: argparse.Namespace) -> int:
    database = Database(settings.database_url, application_name="task_meeting.offsets")
    try:
        return await run_offsets_command(arguments, build_repositioner(settings, database))
    finally:
        await database.close()


if __name__ == "__main__":
    main()
