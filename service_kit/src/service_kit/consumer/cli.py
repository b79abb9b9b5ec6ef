"""`parked list | redrive | discard`: what an operator does with messages that could not be applied."""

import argparse
import json
from typing import Any

from service_kit.consumer.parking import Parked
from service_kit.consumer.redrive import Redriver


def add_parked_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `parked` and its actions to a service's command line."""
    parked = commands.add_parser("parked", help="messages that could not be applied")
    actions = parked.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="show them, one JSON object a line")
    redrive = actions.add_parser("redrive", help="apply them again, in order")
    redrive.add_argument("--key", help="only this key, as `list` shows it")
    discard = actions.add_parser("discard", help="give up the messages of a key, for good")
    discard.add_argument("--key", required=True, help="the key, as `list` shows it")


async def run_parked_command(arguments: argparse.Namespace, redriver: Redriver) -> int:
    """Do what `parked` was asked to. The exit code is 1 when messages stay parked after a redrive."""
    if arguments.action == "list":
        for entry in await redriver.parked():
            _say(_describe(entry))
        return 0
    key = None if arguments.key is None else arguments.key.encode()
    if arguments.action == "discard":
        _say({"discarded": await redriver.discard(key or b"")})
        return 0
    report = await redriver.redrive(key)
    for entry in report.parked:
        _say(_describe(entry))
    _say({"applied": report.applied, "still_parked": len(report.parked)})
    return 1 if report.parked else 0


def _describe(entry: Parked) -> dict[str, Any]:
    message = entry.message
    key = None if message.key is None else message.key.decode(errors="backslashreplace")
    place = {"topic": message.topic, "partition": message.partition, "offset": message.offset}
    return {**place, "key": key, "bytes": len(message.value or b""), "reason": entry.reason}


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line, ensure_ascii=False))  # noqa: T201 - a command's output
