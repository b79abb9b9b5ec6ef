"""The command line: ``python -m local_stack up | down | status | logs | clean | env | run``."""

import argparse
import os
import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress

from rich.console import Console

from local_stack import control, logs, status, supervisor, tools
from local_stack.environment import Context, build
from local_stack.errors import StackError
from local_stack.progress import Progress, addresses
from local_stack.settings import with_dotenv
from local_stack.state import Scope, StackPhase, Wanted

Command = Callable[[argparse.Namespace], int]
_console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says. Returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except StackError as error:
        _errors.print(str(error), style="red", markup=False)
        return 1
    except OSError as error:
        _errors.print(f"The system refuses: {error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _context() -> Context:
    return build(with_dotenv(os.environ))


def _up(options: argparse.Namespace) -> int:
    context = _context()
    scope = Scope.INFRA if options.only else Scope.ALL
    state = status.current(context)
    if state is None:
        _start(context, scope)
    else:
        _join(context, scope, state.phase)
    _console.print(addresses(context, scope))
    return 0


def _start(context: Context, scope: Scope) -> None:
    """Launch the stack; an interruption stops it again."""
    progress = Progress(_console)
    process = control.launch(context, scope)
    try:
        with progress.shown():
            control.follow(context.paths, process, progress.update)
    except KeyboardInterrupt:
        _errors.print("Interrupted: stopping what was started.")
        control.stop(context.paths)
        raise


def _join(context: Context, scope: Scope, phase: StackPhase) -> None:
    """Wait for the stack that somebody else has launched, and have it start what is missing."""
    _console.print(f"The stack is already running ({phase}).")
    progress = Progress(_console)
    if scope is Scope.ALL:
        control.ask(context.paths, Wanted(Scope.ALL))
    with progress.shown():
        control.follow(context.paths, None, progress.update)


def _down(_: argparse.Namespace) -> int:
    was_there = control.stop(_context().paths)
    _console.print("Stopped." if was_there else "The stack is not running.")
    return 0


def _status(options: argparse.Namespace) -> int:
    return status.show(_context(), _console, once=options.once, as_json=options.json)


def _logs(options: argparse.Namespace) -> int:
    with suppress(KeyboardInterrupt):
        logs.show(_context().paths.logs, options.name, follow=options.follow)
    return 0


def _clean(_: argparse.Namespace) -> int:
    paths = _context().paths
    control.clean(paths)
    _console.print(f"Removed {paths.root}; the downloads stay in the cache.")
    return 0


def _env(_: argparse.Namespace) -> int:
    for name, value in _context().exported.items():
        _console.print(f"export {name}={shlex.quote(value)}", markup=False)
    return 0


def _run(options: argparse.Namespace) -> int:
    os.execvpe(options.argv[0], options.argv, dict(_context().environ))  # noqa: S606 (what it is for)


def _demo(_: argparse.Namespace) -> int:
    from local_stack.demo.command import demo  # noqa: PLC0415 (only this command needs its many imports)

    return demo(_context(), _console)


def _kafka_ui(_: argparse.Namespace) -> int:
    return tools.run_kafka_ui(_context())


def _supervise(options: argparse.Namespace) -> int:
    return supervisor.supervise(build(os.environ), owned=options.owned)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_stack", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function: Command, text: str | None = None) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text) if text else commands.add_parser(name)
        command.set_defaults(command=function)
        return command

    up = add("up", _up, "start everything in the background; return when all is ready")
    up.add_argument("--only", choices=["infra"], help="without our own services")
    add("down", _down, "stop everything")
    shown = add("status", _status, "a live table of processes, connector, lags and mails")
    shown.add_argument("--once", action="store_true", help="print it once")
    shown.add_argument("--json", action="store_true", help="print it once, for programs")
    read = add("logs", _logs, "print the logs")
    read.add_argument("name", nargs="?", help="of one part only")
    read.add_argument("-f", "--follow", action="store_true", help="go on printing")
    add("clean", _clean, "stop everything and remove its data; downloads stay")
    add("env", _env, "print the variables of the stack, for a shell")
    run = add("run", _run, "run a command with the variables of the stack")
    run.add_argument("argv", nargs=argparse.REMAINDER)
    add("demo", _demo, "show the main job on real parts, and count")
    add("kafka-ui", _kafka_ui, "browse Kafka in the terminal")
    add("supervise", _supervise).add_argument("--owned", action="store_true")
    return parser
