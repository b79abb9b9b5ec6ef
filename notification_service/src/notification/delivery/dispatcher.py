"""The heart of the sender: one loop talks to the queue, the lanes talk to the mail server.

Each round is one transaction: it writes how the finished attempts ended and leases as many due mails
as there are open, free connections. So an attempt is committed before its mail is handed over, nothing
is leased that cannot go at once, and under load many results share one commit. While the server is
away no connection opens, so mails just wait in the queue: no attempt is spent and nothing storms.
"""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

import structlog

from notification.delivery.lane import Doing, Lane
from notification.delivery.progress import Progress
from notification.delivery.queue import Queue, Round
from notification.mail.outcome import Outcome
from notification.metrics import OPEN_CONNECTIONS, ROUND_FAILURES
from notification.service.claim import ClaimedMail
from notification.service.settle import Settlement
from service_kit.clock import Clock, pause
from service_kit.db import is_transient

if TYPE_CHECKING:
    from uuid import UUID

log = structlog.get_logger(__name__)
# At the latest after this a round is made: for leases, and should a notification be lost.
LONGEST_PAUSE_S = 10.0
_ANSWERS = {Outcome.ACCEPTED, Outcome.REFUSED}
_LOOK_AGAIN_S = 0.005
_RETRY_BASE_S = 0.2
# The database is ours and near; the mail server is somebody else's, and may be weak when it is back.
_LONGEST_ROUND_RETRY_S = 2.0
_LONGEST_OPEN_RETRY_S = 10.0


class Dispatcher:
    """A part for `process.serve`: sends what is due until it is stopped."""

    def __init__(
        self,
        queue: Queue,
        lanes: Sequence[Lane],
        *,
        clock: Clock,
        progress: Progress,
        longest_pause_s: float = LONGEST_PAUSE_S,
    ) -> None:
        self._queue = queue
        self._lanes = lanes
        self._clock = clock
        self.progress = progress
        self._longest_pause_s = longest_pause_s
        self._awake = asyncio.Event()
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: dict[UUID, ClaimedMail] = {}
        self._finished: list[Settlement] = []
        self._round_failures = 0
        self._open_failures = 0
        self._open_after = clock.monotonic()

    async def run(self) -> None:
        """Send until `stop`; then finish what is on its way."""
        try:
            while not self._stopping or self._held:
                self._awake.clear()
                await self._pause(await self._round_or_retry())
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.gather(*(lane.close() for lane in self._lanes))

    def stop(self) -> None:
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        """Make a round now: there may be something to do."""
        self._awake.set()

    async def _round_or_retry(self) -> float:
        """One round; returns for how long to pause at most, in seconds."""
        try:
            return await self._round()
        except Exception as error:
            if not is_transient(error):
                raise
            ROUND_FAILURES.inc()
            log.warning("sender_round_failed", error=type(error).__name__)
            self._round_failures += 1
            return _jitter(self._round_failures, _LONGEST_ROUND_RETRY_S)

    async def _round(self) -> float:
        finished = list(self._finished)
        free = [] if self._stopping else [lane for lane in self._lanes if lane.is_free]
        done = await self._queue.exchange(finished, limit=len(free), held=self._held.values())
        self._round_failures = 0
        del self._finished[: len(finished)]
        for settlement in finished:
            self._held.pop(settlement.mail.letter.id, None)
        for lane, mail in zip(free, done.mails, strict=False):
            self._held[mail.letter.id] = mail
            self._start(lane, Doing.SENDING, self._send(lane, mail))
        self._report(done, finished)
        if done.due_in is None or done.due_in > 0:
            self._close_idle()
            return min(done.due_in or self._longest_pause_s, self._longest_pause_s)
        if len(done.mails) < len(free):
            # What was due was void, or another sender is just taking it.
            return _LOOK_AGAIN_S
        # A lane that is free by now was not yet when this round began: it has asked for another round.
        came_too_late = not free and any(lane.is_free for lane in self._lanes)
        return self._longest_pause_s if self._stopping or came_too_late else self._open_one_more()

    def _open_one_more(self) -> float:
        """Every lane has a mail and more are due. Returns how many seconds may pass before the next round.

        One lane connects at a time: a server that is away, or weak, is not stormed.
        """
        closed = next((lane for lane in self._lanes if lane.is_closed), None)
        if closed is None or any(lane.doing is Doing.OPENING for lane in self._lanes):
            return self._longest_pause_s
        if (wait := self._open_after - self._clock.monotonic()) > 0:
            return wait
        self._start(closed, Doing.OPENING, self._open(closed))
        return self._longest_pause_s

    def _close_idle(self) -> None:
        for lane in self._lanes:
            if lane.is_free and lane.is_worn:
                self._start(lane, Doing.CLOSING, lane.close())

    def _report(self, done: Round, finished: Sequence[Settlement]) -> None:
        OPEN_CONNECTIONS.set(sum(lane.is_open for lane in self._lanes))
        self.progress.round_done(
            mail_waits=bool(self._held) or (done.due_in is not None and done.due_in <= 0),
            answered=any(settlement.result.outcome in _ANSWERS for settlement in finished),
            trouble=next((lane.trouble for lane in self._lanes if lane.trouble), None),
        )

    def _start(self, lane: Lane, doing: Doing, work: Coroutine[Any, Any, None]) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            lane.doing = Doing.NOTHING
            self.wake()

        lane.doing = doing
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(ended)

    async def _send(self, lane: Lane, mail: ClaimedMail) -> None:
        self._finished.append(await lane.send(mail))
        self.wake()
        if lane.is_worn:
            await lane.close()

    async def _open(self, lane: Lane) -> None:
        await lane.open()
        self._open_failures = self._open_failures + 1 if lane.trouble else 0
        self._open_after = self._clock.monotonic() + _jitter(self._open_failures, _LONGEST_OPEN_RETRY_S)

    async def _pause(self, seconds: float) -> None:
        if not self._awake.is_set():
            await pause(self._clock, seconds, unless=self._awake)


def _jitter(failures: int, longest_s: float) -> float:
    """Seconds to wait after so many failures in a row: exponential with full jitter, 0 after none."""
    ceiling = min(longest_s, _RETRY_BASE_S * 2 ** min(failures, 20)) if failures else 0
    return random.uniform(0, ceiling)  # noqa: S311 - jitter is no secret
