"""The command line: ``python -m local_stack up | down | status | logs | clean | env | run``."""

import argparse
import os
import sys
from collections.abc import Sequence

from rich.console import Console

from local_stack import control, supervisor
from local_stack.environment import Context, build
from local_stack.errors import StackError
from local_stack.settings import with_dotenv
from local_stack.state import Scope

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except StackError as error:
        errors.print(str(error), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130


def _context() -> Context:
    return build(with_dotenv(os.environ))


def _up(options: argparse.Namespace) -> int:
    context = _context()
    process = control.launch(context, options.only)
    control.follow(context.paths, process, lambda state: None)
    return 0


def _supervise(options: argparse.Namespace) -> int:
    return supervisor.supervise(build(os.environ), owned=options.owned)


def _down(_: argparse.Namespace) -> int:
    control.stop(_context().paths)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_stack")
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up")
    up.add_argument("--only", type=Scope, default=Scope.ALL)
    up.set_defaults(command=_up)
    down = commands.add_parser("down")
    down.set_defaults(command=_down)
    run = commands.add_parser("supervise")
    run.add_argument("--owned", action="store_true")
    run.set_defaults(command=_supervise)
    return parser
