"""Every container is killed while a writer works: it comes back by itself, nothing is lost or repeated."""

import time
from collections.abc import Iterator

import pytest

from harness.compose import Compose
from harness.suite import Suite
from harness.writer import Writer

pytestmark = pytest.mark.target("compose")

VICTIMS = (
    *("user-team", "task-meeting-api", "notification-api", "notification-sender"),
    *("task-meeting-consumer", "task-meeting-jobs", "notification-consumer"),
    *("connect", "kafka", "postgres"),
)


@pytest.fixture(scope="module")
def writer(running: Suite) -> Iterator[Writer]:
    """Writes from the first kill to the last check."""
    with running.lasting_writer() as writer:
        yield writer


@pytest.mark.parametrize("name", VICTIMS)
def test_it_comes_back(running: Suite, compose: Compose, writer: Writer, name):
    restarts = compose.container(name).restarts
    compose.kill(name)
    killed = time.monotonic()
    compose.wait_ready(name)
    assert compose.container(name).restarts > restarts
    running.close()  # the connections are old ones if it was PostgreSQL
    recovery_s = running.recovery_s(writer.ledger, since=killed)
    assert recovery_s <= 60
    compose.wait_ready()


def test_nothing_was_lost_or_repeated_and_nobody_mailed_twice(running: Suite, writer: Writer):
    """Invariants 1 and 2, over all the kills above."""
    writer.stop()
    assert len(writer.ledger.versions) > 100
    assert running.problems_after_deaths(writer) == []
    mails = running.notifications(writer.company.marker)
    doubtful = sum(mail["in_doubt"] for mail in mails)
    assert doubtful <= len(mails) / 20, "a sender has few mails in its hands at a time"
