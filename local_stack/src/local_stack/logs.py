"""The children's log files: bounded in size, and quoted where something failed."""

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from local_stack.errors import StackError

MAX_BYTES = 10 * 1024 * 1024
"""Per log; one older file of the same size is kept beside it."""
_TAIL_BYTES = 64 * 1024
_SHOWN_LINES = 40
_FOLLOW_SECONDS = 0.3


def size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def tail(log: Path, lines: int, start: int = 0) -> str:
    """The last lines of a log, of what was written behind the byte `start`."""
    if not log.exists():
        return ""
    with log.open("rb") as stream:
        stream.seek(max(start, size(log) - _TAIL_BYTES))
        text = stream.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def bound(folder: Path, limit: int = MAX_BYTES) -> None:
    """Copy every log above the limit to ``NAME.log.1`` and empty it.

    Copied, not renamed: the children keep their files open. They append, so the next line starts the
    emptied file; the few lines written between copy and cut are lost.
    """
    for log in folder.glob("*.log"):
        if size(log) > limit:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            with log.open("r+b") as stream:
                stream.truncate(0)


def show(folder: Path, name: str | None, *, follow: bool) -> None:
    """Print the ends of the logs, or all of one; with `follow` go on until interrupted.

    Raises:
        StackError: there is no such log.
    """
    files = sorted(folder.glob(f"{name or '*'}.log"))
    if not files:
        known = ", ".join(sorted(log.stem for log in folder.glob("*.log"))) or "none"
        raise StackError(f"There is no log {name or ''} in {folder}; there are: {known}")
    sizes = {log: size(log) for log in files}
    for log in files:
        text = log.read_text(errors="replace") if name else tail(log, _SHOWN_LINES)
        _print(log, text.splitlines(), prefixed=not name)
    if follow:
        for log, lines in _news(sizes):
            _print(log, lines, prefixed=not name)


def _print(log: Path, lines: list[str], *, prefixed: bool) -> None:
    prefix = f"{log.stem}: " if prefixed else ""
    sys.stdout.writelines(f"{prefix}{line}\n" for line in lines)
    sys.stdout.flush()


def _news(sizes: dict[Path, int]) -> Iterator[tuple[Path, list[str]]]:
    """The complete lines that are appended to these logs from now on, for ever."""
    while True:
        for log, seen in sizes.items():
            if size(log) < seen:  # it was bounded
                sizes[log] = 0
            with log.open("rb") as stream:
                stream.seek(sizes[log])
                complete = stream.read().rpartition(b"\n")
            if complete[1]:
                sizes[log] += len(complete[0]) + 1
                yield log, complete[0].decode(errors="replace").splitlines()
        time.sleep(_FOLLOW_SECONDS)
