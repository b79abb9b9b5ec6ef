"""Every metric that this service exports, each with its meaning."""

from prometheus_client import Counter, Gauge

REASSIGN_STALLED_SECONDS = Gauge(
    "reassign_stalled_seconds", "Time that a job has been waiting while none got on; 0 when there is none."
)
REMINDERS_LATE_SECONDS = Gauge(
    "reminders_late_seconds",
    "Time that the oldest reminder that is due has been waiting; 0 when there is none.",
)
REMINDERS_SENT = Counter("reminders_sent", "People who were reminded of something.", ("kind",))
