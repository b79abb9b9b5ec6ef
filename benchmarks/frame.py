"""What the benchmarks share: quantiles, and files of results that only grow."""

import csv
import math
import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
MACHINE = f"{platform.machine()} {os.cpu_count()} cores, Python {platform.python_version()}"


def append(file: Path, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Append rows to a CSV file, each with today's date (UTC) and the machine before its columns."""
    new = not file.exists()
    with file.open("a", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream, lineterminator="\n")
        if new:
            out.writerow(["date", "machine", *columns])
        for row in rows:
            out.writerow([f"{datetime.now(UTC):%Y-%m-%d}", MACHINE, *row])


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed (nearest rank): 0.95 for the p95."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1]
