"""How long things took. Both ends are moments of this machine's one clock.

The beginning is the database's own commit time, as Debezium passes it on (`source.ts_ms`, whole milliseconds,
rounded down); for a task's event it is when the transaction wrote it, shortly before. The end is for the API
when the first answer that showed the change had arrived here, for a mail when the sender had noted that the
mail server took it, and for an event when a consumer had it: all are a little late, so the times are upper
bounds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from local_stack.demo.services import Json


@dataclass(frozen=True, slots=True)
class Latencies:
    """A series in milliseconds. `goal` is for the median, None if there is none."""

    title: str
    goal: float | None = None
    values: list[float] = field(default_factory=list)

    def add(self, begin: datetime, end: datetime) -> None:
        self.values.append((end - begin).total_seconds() * 1000)

    @property
    def median(self) -> float:
        return percentile(self.values, 50)


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile; NaN of nothing."""
    if not values:
        return math.nan
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def moment(answer: Json, name: str) -> datetime:
    """A moment out of a service's answer (ISO 8601, aware)."""
    return datetime.fromisoformat(answer[name])
