"""Every metric that the kit exports, each with its meaning. Names follow Prometheus' conventions."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# A second series for each counter: nobody asks when it began.
disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped in prometheus_client
_PLACE = ("group", "topic", "partition")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

# user_team_service exports the same, with the same labels and buckets: one dashboard serves all.
HTTP_REQUEST_SECONDS = Histogram(
    "http_request_seconds",
    "From a request's arrival to the end of its answer, by the route's template.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
HTTP_LIMITED = Counter("http_limited_requests", "Requests refused because their sender sent too many.")
TOKENS_REFUSED = Counter("auth_refused_tokens", "Requests whose access token was not accepted.")
TOKEN_KEY_FETCHES = Counter("auth_key_fetches", "Times the issuer was asked for its keys.", ("outcome",))
TOKEN_KEYS_CONFIRMED = Gauge(
    "auth_keys_confirmed_timestamp_seconds",
    "When the issuer last confirmed the keys that tokens are checked with.",
)
SCHEDULE_RUNS = Counter("schedule_runs", "Looks at what is due, by how they ended.", ("schedule", "outcome"))
SCHEDULE_SUCCEEDED = Gauge(
    "schedule_last_success_timestamp_seconds",
    "When a schedule was last kept without an error; before that, when the process began.",
    ("schedule",),
)
JOB_RUNS = Counter("job_runs", "Times that a job was taken up, by how they ended.", ("entrypoint", "outcome"))
HEALTH_CHECK_OK = Gauge("health_check_ok", "1 while a check of readiness passes.", ("check",))

CONSUMED = Counter("consumer_messages", "Messages whose offset was committed.", _PLACE)
PARKED = Counter("consumer_parked_messages", "Messages that were parked.", ("group", "topic"))
PARKED_KEYS = Gauge("consumer_parked_keys", "Keys that are parked now.", ("group",))
RETRIES = Counter("consumer_retries", "Batches that were tried again after a passing error.", ("group",))
CONFLICTS = Counter(
    "consumer_offset_conflicts",
    "Batches rolled back because another consumer had moved the offset.",
    ("group",),
)
LAG = Gauge("consumer_lag_messages", "Messages that are in the topic and not yet applied.", _PLACE)
HALTED = Gauge("consumer_halted", "1 while the consumer has stopped and needs a person.", ("group",))
BATCH_SECONDS = Histogram(
    "consumer_batch_seconds", "Time to apply and commit one batch.", ("group",), buckets=_SECONDS
)
BATCH_MESSAGES = Histogram(
    "consumer_batch_messages", "Messages in one batch.", ("group",), buckets=(1, 4, 16, 64, 256, 1024, 4096)
)
FRESHNESS_SECONDS = Histogram(
    "consumer_freshness_seconds",
    "From the message's time in Kafka to its commit here, for the oldest message of each batch.",
    ("group",),
    buckets=_SECONDS,
)
SWEPT = Counter(
    "consumer_swept_rows", "Rows removed because a new snapshot no longer held them.", ("group", "topic")
)


def begin_at_zero(group: str, topics: Iterable[str]) -> None:
    """Export a consumer's metrics before anything happens: a first increase from nothing is not seen."""
    for metric in (PARKED_KEYS, RETRIES, CONFLICTS, HALTED, BATCH_SECONDS, BATCH_MESSAGES, FRESHNESS_SECONDS):
        metric.labels(group)
    for topic in topics:
        PARKED.labels(group, topic)
        SWEPT.labels(group, topic)
