"""The running suite as the tests see it: the source, two projections, the mails, and the whole check."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from harness import history
from harness.database import Row
from harness.desk import Desk, LastingDesk
from harness.ledger import Ledger
from harness.mailbox import Mailbox
from harness.projection import Projection
from harness.rest import Rest
from harness.target import Target
from harness.topic import Topic
from harness.waiting import until
from harness.writer import Writer
from local_stack.tokens import SignedIn

_FINAL = ("accepted", "bounced", "suppressed", "unconfirmed")


@dataclass(frozen=True, slots=True)
class Consumer:
    """A consuming service: its Python package, its process in the stack, and what it makes of the topic."""

    package: str
    part: str
    projection: Projection

    def __str__(self) -> str:
        return self.package


class Suite:
    """One running suite, and everything that a test wants to ask of it."""

    def __init__(self, stack: Target) -> None:
        self.stack = stack
        self._desks: list[Desk] = []
        self.tasks = Projection(
            stack.service_dsn("TASK_MEETING"), ("assignment", "person", "project", "team")
        )
        self.mails = Projection(stack.service_dsn("NOTIFICATION"), ("assignment",))
        self.topic = Topic(stack.bootstrap_servers)
        self.mailbox = Mailbox(stack.mail_store)
        self.superuser = SignedIn.superuser(stack.variables)

    @property
    def projections(self) -> tuple[Projection, Projection]:
        return self.tasks, self.mails

    @property
    def consumers(self) -> tuple[Consumer, Consumer]:
        return (
            Consumer("task_meeting", "task-meeting-consumer", self.tasks),
            Consumer("notification", "notification-consumer", self.mails),
        )

    def url(self, port: str) -> str:
        """Of the HTTP server that listens on the port of this variable."""
        return f"http://{self.stack.variables['API_HOST']}:{self.stack.variables[port]}"

    def rest(self, port: str) -> Rest:
        """The API on that port, as the first administrator sees it."""
        return Rest(self.url(port), self.superuser)

    def watch(self) -> None:
        for projection in self.projections:
            projection.watch()

    def close(self) -> None:
        """End all connections; whoever is asked next opens another one."""
        for part in (self.tasks.sql, self.mails.sql, *self._desks):
            part.close()

    def writer(self, *, seed: int | None = None) -> Writer:
        """A writer that begins when its block is entered; a seed repeats an earlier one's actions."""
        return Writer(self.stack.service_dsn("USER_TEAM"), seed=seed)

    def lasting_writer(self) -> Writer:
        """A writer that goes on when PostgreSQL was away."""
        return Writer(self.stack.service_dsn("USER_TEAM"), desk=LastingDesk)

    def desk(self) -> Desk:
        """A new company; its connection ends with the suite's."""
        desk = Desk(self.stack.service_dsn("USER_TEAM"))
        self._desks.append(desk)
        return desk

    def notifications(self, marker: str) -> list[Row]:
        """The mails to the people of a company."""
        query = "SELECT * FROM notification WHERE recipient LIKE %s"
        return self.mails.sql.rows(query, [f"{marker}%"])

    def picture(self) -> dict[str, object]:
        """All that the suite has made of the topic: two states, the mails as intents, the mails as caught."""
        return {
            "states": [projection.state_hash() for projection in self.projections],
            "intents": self.mails.sql.rows("SELECT id, state FROM notification ORDER BY id"),
            "caught": self.mailbox.times("@"),
        }

    # -- faults

    @contextmanager
    def without(self, *consumers: Consumer) -> Iterator[None]:
        """These consumers are down from here on, until `bring_back` or the end of the block."""
        for consumer in consumers:
            self.stack.hold(consumer.part)
        try:
            yield
        finally:
            self.bring_back(*consumers)

    def bring_back(self, *consumers: Consumer) -> None:
        """Start those of the consumers that are down."""
        for consumer in consumers:
            if self.stack.is_held(consumer.part):
                self.stack.release(consumer.part)

    # -- waiting

    def wait_shown(self, ledger: Ledger, *, timeout_s: float = 60) -> float:
        """Until both projections show the ledger as it is now; how many seconds that took."""
        mark, asked = ledger.mark(), time.monotonic()
        for projection in self.projections:
            until(partial(projection.shows, mark), "what was committed is shown", timeout_s=timeout_s)
        return time.monotonic() - asked

    def sweeps(self) -> int:
        """How many snapshots both services have read to their end."""
        return min(projection.sweeps() for projection in self.projections)

    def wait_read(self, ends: Mapping[int, int]) -> None:
        """Until both services have read the topic up to these offsets."""
        for projection in self.projections:
            until(partial(projection.has_read, ends), "the topic is read", timeout_s=60)

    def wait_right(self, author: Writer | Desk) -> None:
        """Until both projections show an author's work; versions that nobody captured may be missing."""

        def problems() -> list[str]:
            return [text for projection in self.projections for text in self.row_problems(projection, author)]

        until(lambda: not problems(), "both projections are right", timeout_s=60)

    def recovery_s(self, ledger: Ledger, *, since: float) -> float:
        """Seconds from `since` (monotonic) until both projections are less than a second behind a writer."""
        while self.wait_shown(ledger) > 1:
            pass
        return time.monotonic() - since

    def wait_mailed(self, marker: str) -> list[Row]:
        """Until every mail to a company's people has met its end; returns them."""

        def is_done() -> bool:
            rows = self.notifications(marker)
            sent = sum(row["state"] == "accepted" for row in rows)
            return all(row["state"] in _FINAL for row in rows) and self.mailbox.times(marker).total() >= sent

        until(is_done, "all mails are sent", timeout_s=60)
        return self.notifications(marker)

    # -- checking

    def problems(self, author: Writer | Desk) -> list[str]:
        """Everything that is wrong when the work of an author who has stopped has arrived."""
        return self._problems(author, history.check_mails)

    def problems_after_deaths(self, author: Writer | Desk) -> list[str]:
        """The same when senders died: a mail that one had in its hands may have come twice."""
        return self._problems(author, history.check_mails_after_deaths)

    def _problems(
        self, author: Writer | Desk, check_mails: Callable[[list[Row], Counter[str]], list[str]]
    ) -> list[str]:
        self.wait_shown(author.ledger)
        found = []
        for projection in self.projections:
            found += self.row_problems(projection, author)
        notifications = self.wait_mailed(author.company.marker)
        found += history.check_intents(author.ledger, notifications)
        return found + check_mails(notifications, self.mailbox.times(author.company.marker))

    def row_problems(self, projection: Projection, author: Writer | Desk) -> list[str]:
        """What is wrong in one projection with an author's assignments, now and on the way there."""
        ledger = author.ledger
        arrived = projection.living([person.oid for person in author.company.people])
        applied = projection.applied([*ledger.versions, *ledger.undone])
        gone_back = [f"offset moved back: {row}" for row in projection.offsets_gone_back()]
        return history.check_rows(ledger, arrived) + history.check_applied(ledger, applied) + gone_back
