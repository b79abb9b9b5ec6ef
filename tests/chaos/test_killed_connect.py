"""Faults, row 3: Kafka Connect is killed while it streams."""

import time

from harness.outbox import Emitter
from harness.suite import Suite
from harness.waiting import until


async def test_events_that_connect_sends_again_change_nothing_and_none_is_lost(running: Suite):
    """Invariants 1 and 2: what it had not noted as sent comes again; nobody is mailed twice.

    What the outbox was given meanwhile arrives too, in its order; of what was rolled back, nothing does.
    """
    with running.writer() as writer, Emitter(running.stack) as emitter:
        until(lambda: len(writer.ledger.versions) > 50, "the writer is well under way")
        running.wait_shown(writer.ledger)
        running.stack.kill("connect")
        killed = time.monotonic()
        recovery_s = running.recovery_s(writer.ledger, since=killed)
    assert running.problems(writer) == []
    assert all(count > 5 for count in emitter.committed.values())
    deadline = time.monotonic() + 30
    while (arrived := await emitter.arrived()) != emitter.expected and time.monotonic() < deadline:
        pass
    assert arrived == emitter.expected
    assert recovery_s <= 30
