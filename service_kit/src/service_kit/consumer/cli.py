"""What an operator does with a consumer: `parked list | redrive | discard` and `offsets show | to-end`."""

import argparse
import json
import sys
from typing import Any

from sqlalchemy.exc import DBAPIError

from service_kit.consumer.parking import Parked
from service_kit.consumer.redrive import Redriver
from service_kit.consumer.reposition import NoTopicError, Position, Repositioner
from service_kit.db import is_transient


def add_parked_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `parked` and its actions to a service's command line."""
    parked = commands.add_parser("parked", help="messages that could not be applied")
    actions = parked.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="show them, one JSON object a line")
    redrive = actions.add_parser("redrive", help="apply them again, in order")
    redrive.add_argument("--key", help="only this key, as `list` shows it")
    discard = actions.add_parser(
        "discard",
        help="give up, for good, the messages of a key that cannot be applied, and apply those behind them",
    )
    which = discard.add_mutually_exclusive_group(required=True)
    which.add_argument("--key", help="the key, as `list` shows it")
    which.add_argument("--no-key", action="store_true", help="the messages that have none")


def add_offsets_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `offsets` and its actions to a service's command line."""
    offsets = commands.add_parser("offsets", help="where the consumer continues in Kafka")
    actions = offsets.add_subparsers(dest="action", required=True)
    actions.add_parser("show", help="one JSON object a partition; exit code 1 when messages are missing")
    actions.add_parser(
        "to-end",
        help="skip all that Kafka holds and discard what is parked: after a restore, or when the topic was"
        " made anew; a new snapshot must follow",
    )


async def run_offsets_command(arguments: argparse.Namespace, repositioner: Repositioner) -> int:
    """Do what `offsets` was asked to. The exit code is 1 for a gap, or when nothing could be done."""
    try:
        if arguments.action == "show":
            positions = await repositioner.positions()
            for position in positions:
                _say(_describe_position(position))
            return int(any(position.is_gap for position in positions))
        done = await repositioner.to_end()
    except Exception as error:
        if not isinstance(error, NoTopicError) and not is_transient(error):
            raise
        print(  # noqa: T201 - a command's output
            f"Nothing was changed: {_name_cause(error)}. Either Kafka or the database does not answer, or a"
            " topic is missing, which `python -m connector topics` makes.",
            file=sys.stderr,
        )
        return 1
    for place, end in sorted(done.ends.items()):
        _say({"topic": place.topic, "partition": place.partition, "next_offset": end})
    _say({"parked_discarded": done.discarded})
    return 0


def _describe_position(position: Position) -> dict[str, Any]:
    place, bounds = position.place, position.bounds
    return {
        "topic": place.topic,
        "partition": place.partition,
        "next_offset": position.stored,
        "beginning": bounds.beginning,
        "end": bounds.end,
        "gap": position.is_gap,
    }


async def run_parked_command(arguments: argparse.Namespace, redriver: Redriver) -> int:
    """Do what `parked` was asked to. The exit code is 1 when messages stay parked, or none could be read."""
    try:
        return await _run_parked_command(arguments, redriver)
    except Exception as error:
        if not is_transient(error):
            raise
        print(  # noqa: T201 - a command's output
            f"Try again: the database does not answer as it should: {_name_cause(error)}", file=sys.stderr
        )
        return 1


async def _run_parked_command(arguments: argparse.Namespace, redriver: Redriver) -> int:
    if arguments.action == "list":
        for entry in await redriver.parked():
            _say(_describe(entry))
        return 0
    key = None if arguments.key is None else await _find_key(redriver, arguments.key)
    if arguments.action == "discard":
        done = await redriver.discard(key)
        _say({"discarded": done.discarded} | ({"applied": done.applied} if done.applied else {}))
        return 0
    report = await redriver.redrive(key)
    for entry in report.parked:
        _say(_describe(entry))
    _say({"applied": report.applied, "still_parked": len(report.parked)})
    return 1 if report.parked else 0


async def _find_key(redriver: Redriver, shown: str) -> bytes:
    """The key that `list` shows so; not every key is text."""
    keys = {entry.message.key for entry in await redriver.parked()}
    return next((key for key in keys if key is not None and _show_key(key) == shown), shown.encode())


def _show_key(key: bytes) -> str:
    return key.decode(errors="backslashreplace")


def _describe(entry: Parked) -> dict[str, Any]:
    message = entry.message
    key = None if message.key is None else _show_key(message.key)
    place = {"topic": message.topic, "partition": message.partition, "offset": message.offset}
    return {**place, "key": key, "bytes": len(message.value or b""), "reason": entry.reason}


def _name_cause(error: Exception) -> str:
    """Without the statement that SQLAlchemy quotes."""
    return str(error.orig if isinstance(error, DBAPIError) else error)


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line, ensure_ascii=False))  # noqa: T201 - a command's output
