"""How a consumer behaves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConsumerOptions:
    """How a consumer behaves; the defaults suit all our services.

    Attributes:
        max_batch: messages in one transaction at the most.
        poll_s: how long one poll waits for messages, which bounds how long a stop takes.
        housekeeping_s: how often the broker is told our offsets, lag is measured and sweeps go on.
        stall_s: seconds without progress after which readiness fails.
        max_parked_keys: parked keys beyond which the consumer halts: that many mean a bad deployment,
            and going on would only drain the topic into the parking lot.
    """

    max_batch: int = 4096
    poll_s: float = 0.5
    housekeeping_s: float = 2.0
    stall_s: float = 30.0
    max_parked_keys: int = 1000
