"""Faults, row 3: Kafka Connect is killed while it streams."""

import time

from harness.suite import Suite
from harness.waiting import until


def test_events_that_connect_sends_again_change_nothing(running: Suite):
    """Invariant 2: what it had not noted as sent comes again; the state is equal, nobody is mailed twice."""
    with running.writer() as writer:
        until(lambda: len(writer.ledger.versions) > 50, "the writer is well under way")
        running.wait_shown(writer.ledger)
        running.stack.kill("connect")
        killed = time.monotonic()
        recovery_s = running.recovery_s(writer.ledger, since=killed)
    assert running.problems(writer) == []
    assert recovery_s <= 30
