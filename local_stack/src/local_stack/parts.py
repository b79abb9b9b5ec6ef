"""The vocabulary of the start plan: steps that are done once, and processes that stay.

A part says what it needs; the supervisor starts everything as early as that allows.
"""

import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from local_stack.environment import Context
from local_stack.processes import Command
from local_stack.state import Scope

Run = Callable[[Command], Awaitable[None]]
"""Runs a command to its end, its output in the part's log; raises StackError if it fails."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What steps and processes share: `needs` are the parts that must be settled before."""

    name: str
    title: str
    needs: Sequence[str] = ()
    scope: Scope = Scope.INFRA


@dataclass(frozen=True, kw_only=True, slots=True)
class Step(Part):
    """Work that is done once per start. It must be idempotent."""

    work: Callable[[Context, Run], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Process(Part):
    """A child that is kept running.

    `is_ready` answers whether it does its work now. An exception of it means "not yet", and its text
    is shown if `start_timeout` (seconds) passes; only a StackError ends the start at once.
    """

    command: Callable[[Context], Command]
    is_ready: Callable[[Context], Awaitable[bool]]
    ports: Sequence[str] = field(default=())
    """The variables of the ports that it listens on."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout: float = 10
    start_timeout: float = 120


Plan = Sequence[Step | Process]
