"""How much processor each process of the suite takes when nothing happens.

    .venv/bin/python -m benchmarks.idle.run [--seconds 120]

It starts the whole suite, lets it come to rest, and looks at the processor time of each process with all that
it has started, twice, so many seconds apart. Nobody asks anything meanwhile.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from benchmarks.frame import append

from local_stack.state import Scope
from local_stack.testing import Stack

HERE = Path(__file__).parent
# Start-up has its aftermath: a group of consumers settles, Connect's code is compiled.
SETTLE_S = 45
# Percent of a core.
PYTHON_GOAL, GOALS = 0.5, {"connect": 3.0}
NOT_OURS = {"postgres", "kafka", "mail"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "stack")
        stack.start(Scope.ALL)
        try:
            time.sleep(SETTLE_S)
            percents = measure(stack, options.seconds)
        finally:
            stack.stop()
    load = f"{os.getloadavg()[2]:.1f}"
    rows = [(load, options.seconds, name, f"{percent:.2f}") for name, percent in percents.items()]
    append(HERE / "results.csv", ["load", "seconds", "process", "percent_of_a_core"], rows)
    for name, percent in sorted(percents.items(), key=lambda item: -item[1]):
        limit = goal(name)
        said = "" if limit is None else f"   goal {limit}: {'met' if percent <= limit else 'MISSED'}"
        print(f"{percent:7.2f} %  {name}{said}")


def measure(stack: Stack, seconds: float) -> dict[str, float]:
    """Percent of a core that each process of the stack takes, by its name."""
    begin, before = time.monotonic(), dict(spent(stack))
    time.sleep(seconds)
    took_s, after = time.monotonic() - begin, dict(spent(stack))
    return {name: (after[name] - before[name]) / took_s * 100 for name in before}


def spent(stack: Stack) -> Iterator[tuple[str, float]]:
    """Processor seconds so far, those of children among them, also of children that have ended."""
    for name, part in stack.state().parts.items():
        if part.process is not None:
            process = psutil.Process(part.process.pid)
            yield name, sum(map(cpu_s, (process, *process.children(recursive=True))))


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def goal(name: str) -> float | None:
    return None if name in NOT_OURS else GOALS.get(name, PYTHON_GOAL)


if __name__ == "__main__":
    main()
