"""The supervisor's report board: every change is written to the state file and wakes who waits for it.

What happens to the parts is also logged, as a story to read afterwards.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from pathlib import Path

from local_stack.parts import Part
from local_stack.processes import Identity
from local_stack.state import PartPhase, PartState, StackPhase, StackState, Wanted

_log = logging.getLogger(__name__)


class Board:
    """The one writer of a `StackState`."""

    def __init__(self, file: Path, state: StackState) -> None:
        self._file = file
        self._settled: dict[str, asyncio.Event] = {}
        self.state = state

    def add(self, part: Part) -> None:
        """Have a part on the board; it is reported with the next change."""
        self.state.parts[part.name] = PartState(part.title)
        self._settled[part.name] = asyncio.Event()

    def obeys(self, wanted: Wanted, *, starting: bool) -> None:
        """Report what has been asked for, and whether that starts something."""
        self.state.wanted = wanted
        if starting:
            self.state.phase = StackPhase.STARTING
        self._save()

    def part(self, name: str, phase: PartPhase, detail: str = "") -> None:
        """Report a part's phase, with a word for people."""
        part = self.state.parts[name]
        part.phase, part.detail, part.since = phase, detail, time.time()
        _log.info("%s: %s %s", part.title, phase, detail)
        if part.settled:
            self._settled[name].set()
        self._save()

    def process(self, name: str, pid: int | None) -> None:
        """Report which process a part has now; the next supervisor would kill it if we could not."""
        self.state.parts[name].process = Identity.of(pid) if pid else None
        self._save()

    def restart(self, name: str, reason: str) -> None:
        """Report that a process ended and will be started again."""
        self.state.parts[name].restarts += 1
        self.part(name, PartPhase.BACKOFF, reason)

    def stack(self, phase: StackPhase, error: str = "") -> None:
        """Report the whole stack's phase."""
        self.state.phase, self.state.error = phase, error or self.state.error
        _log.info("Stack: %s %s", phase, error)
        self._save()

    async def settled(self, names: Iterable[str]) -> None:
        """Wait until each of these parts has been ready, or done, once."""
        for name in names:
            await self._settled[name].wait()

    def _save(self) -> None:
        try:
            self.state.save(self._file)
        except OSError as error:  # a full disk must not take down what still runs
            _log.error("Cannot write %s: %s", self._file, error)
