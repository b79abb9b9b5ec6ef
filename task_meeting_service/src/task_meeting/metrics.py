"""Every metric that this service exports, each with its meaning."""

from prometheus_client import Gauge

REASSIGN_STALLED_SECONDS = Gauge(
    "reassign_stalled_seconds", "Time that a job has been waiting while none got on; 0 when there is none."
)
