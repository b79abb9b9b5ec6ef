"""The children's log files: bounded in size, and quoted where something failed."""

import shutil
from pathlib import Path

MAX_BYTES = 10 * 1024 * 1024
"""Per log; one older file of the same size is kept beside it."""
_TAIL_BYTES = 64 * 1024


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
