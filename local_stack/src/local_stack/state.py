"""What the supervisor and the commands tell each other, through two small files.

`StackState` goes from the supervisor to everybody, `Wanted` from a command to the supervisor, which
reads it again on SIGUSR1. Both are replaced as a whole, so a reader never sees half of one.
"""

import json
import os
import time
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from local_stack.processes import Identity


class Scope(StrEnum):
    """How much of the stack runs."""

    INFRA = "infra"
    ALL = "all"


class PartPhase(StrEnum):
    """Where one part of the stack is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    BACKOFF = "restarting"
    HELD = "held"
    FAILED = "failed"
    STOPPED = "stopped"


class StackPhase(StrEnum):
    """Where the whole stack is in its life."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(slots=True)
class PartState:
    """One part: `since` is when its phase began (seconds since 1970), `detail` is for people."""

    title: str
    phase: PartPhase = PartPhase.WAITING
    since: float = field(default_factory=time.time)
    process: Identity | None = None
    restarts: int = 0
    detail: str = ""

    @property
    def settled(self) -> bool:
        """Ready, or done if it is a step."""
        return self.phase in {PartPhase.READY, PartPhase.DONE}


@dataclass(slots=True)
class Wanted:
    """What is asked of the supervisor: how much runs, and which parts are held down."""

    scope: Scope = Scope.ALL
    held: list[str] = field(default_factory=list)

    def save(self, file: Path) -> None:
        _replace(file, json.dumps(asdict(self)))

    @classmethod
    def load(cls, file: Path) -> "Wanted":
        return cls.parse(json.loads(file.read_text()))

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> "Wanted":
        return cls(Scope(raw["scope"]), raw["held"])


@dataclass(slots=True)
class StackState:
    """The supervisor's report."""

    supervisor: Identity
    phase: StackPhase = StackPhase.STARTING
    wanted: Wanted | None = None
    """What it has been asked for so far."""
    error: str = ""
    parts: dict[str, PartState] = field(default_factory=dict)

    def save(self, file: Path) -> None:
        _replace(file, json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, file: Path) -> "StackState | None":
        """The last report; None if there is none, or one of another version of this program."""
        try:
            return cls._parse(json.loads(file.read_text()))
        except (FileNotFoundError, KeyError, TypeError, ValueError):
            return None

    @classmethod
    def _parse(cls, raw: dict[str, Any]) -> "StackState":
        return cls(
            Identity(**raw["supervisor"]),
            StackPhase(raw["phase"]),
            Wanted.parse(raw["wanted"]) if raw["wanted"] else None,
            raw["error"],
            {name: _part(part) for name, part in raw["parts"].items()},
        )

    @property
    def processes(self) -> list[Identity]:
        """The children that were running when this was written."""
        return [part.process for part in self.parts.values() if part.process]


def _part(raw: dict[str, Any]) -> PartState:
    process = Identity(**raw.pop("process")) if raw["process"] else raw.pop("process")
    return PartState(**raw | {"phase": PartPhase(raw["phase"]), "process": process})


def _replace(file: Path, text: str) -> None:
    temporary = file.with_suffix(f".{os.getpid()}.new")
    temporary.write_text(text)
    temporary.replace(file)
