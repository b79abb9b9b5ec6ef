"""Every metric that the notifier exports, each with its meaning."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21600, 86400)

ATTEMPTS = Counter(
    "mail_attempts", "Mails handed to the server, by how the attempt ended.", ("kind", "outcome")
)
ENDED = Counter("mail_ended", "Mails that a sender brought to their end, by the final state.", ("state",))
WAITING = Gauge("mail_notifications", "Mails that have not met their end, by their state.", ("state",))
OLDEST_QUEUED = Gauge(
    "mail_oldest_queued_seconds", "For how long a mail could have gone; 0 when none is late."
)
RECOVERED = Counter(
    "mail_recovered", "Mails taken back from a sender that stopped in the middle of an attempt."
)
OPEN_CONNECTIONS = Gauge("mail_open_connections", "SMTP connections that are open now.")
CONNECT_FAILURES = Counter("mail_connect_failures", "Attempts to open an SMTP connection that failed.")
ROUND_FAILURES = Counter("mail_round_failures", "Rounds of the sender that its database made fail.")
ATTEMPT_SECONDS = Histogram(
    "mail_attempt_seconds",
    "From taking a mail in hand to the server's answer.",
    ("outcome",),
    buckets=_SECONDS,
)
COMMIT_TO_ACCEPTED_SECONDS = Histogram(
    "mail_commit_to_accepted_seconds",
    "From the commit of a change at its source to the server's acceptance of the mail about it.",
    buckets=_SECONDS,
)
