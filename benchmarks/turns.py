"""Cases that take turns, so that whatever else the machine does befalls all of them; how long each took."""

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from benchmarks.frame import quantile

# Rounds that do not count: connections are opened, and caches filled.
_WARM_UP = 3
COLUMNS = ["repeat", "p50_ms", "p95_ms", "max_ms"]


class Timed(Protocol):
    """What is asked again and again; `took_ms`: how long the answers took, in milliseconds."""

    took_ms: list[float]


_Case = TypeVar("_Case", bound=Timed)


async def take_turns(
    asked: Sequence[tuple[_Case, Callable[[], Awaitable[Any]]]],
    rounds: int,
    *,
    check: Callable[[_Case, Any], None],
) -> None:
    """Ask for each case so many times; `check` sees every answer, and raises for one that is no answer."""
    # As a service's process does at its start (service_kit.process).
    gc.collect()
    gc.freeze()
    for number in range(_WARM_UP + rounds):
        for case, ask in asked:
            begin = time.perf_counter()
            answer = await ask()
            took_ms = (time.perf_counter() - begin) * 1000
            check(case, answer)
            if number >= _WARM_UP:
                case.took_ms.append(took_ms)


def printed(case: Timed) -> str:
    """The median, the p95 and the longest, in columns."""
    return " ".join(f"{figure:8.1f}" for figure in _figures(case))


def kept(case: Timed) -> tuple[object, ...]:
    """The same as `COLUMNS` of a file of results."""
    return (len(case.took_ms), *(f"{figure:.1f}" for figure in _figures(case)))


def p95(case: Timed) -> float:
    """In milliseconds."""
    return quantile(case.took_ms, 0.95)


def _figures(case: Timed) -> tuple[float, float, float]:
    return statistics.median(case.took_ms), p95(case), max(case.took_ms)
