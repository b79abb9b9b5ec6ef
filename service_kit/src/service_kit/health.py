"""Whether a process does its job.

A process that is alive but stuck must say so: each part registers a check that fails when the part
makes no progress. What comes of it is public, so it has names and states, never an exception's text.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

import structlog
from pydantic import BaseModel

from service_kit.db import is_transient
from service_kit.metrics import HEALTH_CHECK_OK

log = structlog.get_logger(__name__)
DEFAULT_TIMEOUT_S = 3.0

Check = Callable[[], Awaitable[None]]


class NotReadyError(Exception):
    """A check's way to fail with a reason that everybody may read."""


class HealthReport(BaseModel):
    """What the checks say; `checks` maps a check's name to `ok` or what is wrong."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, str] = {}


class Health:
    """The checks of one process."""

    def __init__(self) -> None:
        self._checks: dict[str, tuple[Check, float]] = {}
        self._failing: set[str] = set()

    def register(self, name: str, check: Check, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        """Let readiness ask `check`, which raises when its part does not do its job.

        A `NotReadyError`'s text is shown; any other exception is only logged, as it may hold a secret.
        """
        self._checks[name] = (check, timeout_s)

    async def ready(self) -> HealthReport:
        """Ask every check, all at once."""
        states = await asyncio.gather(*(self._state(name) for name in self._checks))
        checks = dict(zip(self._checks, states, strict=True))
        for name, state in checks.items():
            HEALTH_CHECK_OK.labels(name).set(state == "ok")
        healthy = all(state == "ok" for state in states)
        return HealthReport(status="ok" if healthy else "unavailable", checks=checks)

    async def _state(self, name: str) -> str:
        check, timeout_s = self._checks[name]
        try:
            async with asyncio.timeout(timeout_s):
                await check()
        except NotReadyError as error:
            return str(error)
        except TimeoutError:
            return f"no answer within {timeout_s:g} s"
        except Exception as error:  # noqa: BLE001 - whatever it is, the part does not do its job
            self._log_once(name, error)
            return "failed"
        self._failing.discard(name)
        return "ok"

    def _log_once(self, name: str, error: Exception) -> None:
        """Log a failure when it begins: probes come every few seconds."""
        if name not in self._failing:
            self._failing.add(name)
            # What is merely away needs no traceback to be found.
            trace = None if is_transient(error) else error
            log.error("health_check_failed", check=name, error=type(error).__name__, exc_info=trace)
