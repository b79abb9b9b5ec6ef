"""The `parked` command of every consuming service: list, redrive and discard what could not be applied."""

import argparse

from service_kit.consumer import Redriver


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the actions `list`, `redrive` and `discard`."""
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="show them, with the reasons")
    redrive = actions.add_parser("redrive", help="apply them again, in order, after what was wrong is mended")
    redrive.add_argument("--key", help="of one key only")
    discard = actions.add_parser("discard", help="give up the messages of a key, for good")
    discard.add_argument("--key", required=True)


async def run(redriver: Redriver, arguments: argparse.Namespace) -> None:
    """Do what the arguments say, and print what came of it."""
    if arguments.action == "list":
        for message, reason in await redriver.parked():
            place = f"{message.topic}/{message.partition}@{message.offset}"
            print(place, (message.key or b"").decode(errors="replace"), reason, sep="\t")  # noqa: T201
    elif arguments.action == "redrive":
        key = None if arguments.key is None else arguments.key.encode()
        report = await redriver.redrive(key)
        print(f"applied {report.applied}, still parked {len(report.parked)}")  # noqa: T201
    else:
        print(f"discarded {await redriver.discard(arguments.key.encode())}")  # noqa: T201
