"""Change capture as metrics: asked of the database at each scrape, which never waits long for it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, Thread

from django.db import Error, connection
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from user_team.pipeline.health import OUTBOX_SLOT, SLOT, Capture, Slot, read_capture

# Well below Prometheus' own limit of 10 s: the other metrics must arrive whatever the database does.
DEADLINE_S = 3.0

_OF_SLOTS: tuple[tuple[str, str, Callable[[Slot], float | None]], ...] = (
    ("active", "1 while a connector reads the slot.", lambda slot: slot.active),
    ("lost", "1 when the server dropped log that was not read.", lambda slot: slot.lost),
    ("lag_bytes", "Log that the connector has not confirmed.", lambda slot: slot.lag_bytes),
    ("retained_bytes", "Log that the server keeps for the slot.", lambda slot: slot.retained_bytes),
    ("safe_bytes", "How much more log may be written before the slot is lost.", lambda slot: slot.safe_bytes),
)


@dataclass(slots=True)
class _Question:
    """One look at the database, in a thread of its own: nothing bounds how long a dead server is silent."""

    answer: Capture | None = None

    def ask(self) -> None:
        try:
            with suppress(Error):
                self.answer = read_capture()
        finally:
            connection.close()  # this thread's own


class CaptureCollector(Collector):
    """`pipeline_database_up` always, everything else when the database has answered in time."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._lock = Lock()
        self._question = _Question()
        self._thread: Thread | None = None

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: else registering would ask the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        capture = self._ask()
        yield _gauge("database_up", "1 when the database answered this scrape.", capture is not None)
        if capture is not None:
            yield from _gauges(capture)

    def _ask(self) -> Capture | None:
        # While one question hangs no second one is asked: a dead server must not collect our threads.
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._question = _Question()
                self._thread = Thread(target=self._question.ask, name="capture-metrics", daemon=True)
                self._thread.start()
            question, thread = self._question, self._thread
        thread.join(self._deadline_s)
        return question.answer


def _gauges(capture: Capture) -> Iterator[GaugeMetricFamily]:
    yield _gauge("publication_present", "1 while the publication has the table.", capture.is_published)
    yield from _gauges_of_slots(capture)
    if capture.heartbeat_age is not None:
        help_ = "Time since the connector's last heartbeat reached the database."
        yield _gauge("heartbeat_age_seconds", help_, capture.heartbeat_age.total_seconds())


def _gauges_of_slots(capture: Capture) -> Iterator[GaugeMetricFamily]:
    """Of every slot on the server: another service's too, which nobody else looks at."""
    slots = capture.slots
    present = dict.fromkeys(slots, 1) | {
        own: int(capture.own(own) is not None) for own in (SLOT, OUTBOX_SLOT)
    }
    yield _by_slot("present", "1 while the connector's replication slot exists.", present)
    for name, meaning, value in _OF_SLOTS:
        yield _by_slot(name, meaning, {slot: value(found) for slot, found in slots.items()})


def _by_slot(name: str, meaning: str, values: Mapping[str, float | None]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"pipeline_slot_{name}", meaning, labels=["slot"])
    for slot, value in values.items():
        if value is not None:
            family.add_metric([slot], float(value))
    return family


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"pipeline_{name}", meaning, value=float(value))
