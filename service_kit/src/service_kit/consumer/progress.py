"""Is the consumer getting on? A process that lives and polls may still be stuck; this notices."""

from service_kit.clock import Clock
from service_kit.messages import TopicPartition


class Progress:
    """What the consumer has achieved lately; readiness asks it."""

    def __init__(self, clock: Clock, stall_s: float) -> None:
        """`stall_s`: how many seconds without progress are still no reason to worry."""
        self._clock = clock
        self._stall_s = stall_s
        self._lag: dict[TopicPartition, int] = {}
        self._halted: str | None = None
        self._positioned = False
        now = clock.monotonic()
        self._turned = self._advanced = self._reached = now

    def turned(self) -> None:
        """The loop went round."""
        self._turned = self._clock.monotonic()

    def positioned(self) -> None:
        """The group gave us our partitions (perhaps none) and the database said where they continue."""
        self._positioned = True

    def advanced(self) -> None:
        """A batch was committed."""
        self._advanced = self._clock.monotonic()

    def measured(self, lag: dict[TopicPartition, int]) -> None:
        """The broker answered; `lag` is in messages."""
        self._lag = lag
        self._reached = self._clock.monotonic()
        if not any(lag.values()):
            self.advanced()

    def halted(self, reason: str) -> None:
        """The consumer has stopped, and will not go on by itself."""
        self._halted = reason

    @property
    def lag(self) -> int:
        """Messages that are in our partitions and not yet applied."""
        return sum(self._lag.values())

    def problem(self) -> str | None:
        """What is wrong, in words; None when all is well."""
        if self._halted is not None:
            return f"halted: {self._halted}"
        if not self._positioned:
            return "starting: no partitions assigned yet"
        now = self._clock.monotonic()
        if now - self._reached > self._stall_s:
            return f"Kafka has not answered for {now - self._reached:.0f} s"
        if self.lag and now - self._advanced > self._stall_s:
            return f"{self.lag} messages behind and no progress for {now - self._advanced:.0f} s"
        if now - self._turned > self._stall_s:
            return f"a batch has been under way for {now - self._turned:.0f} s"
        return None
