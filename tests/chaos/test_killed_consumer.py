"""Faults, row 1: a consumer is killed at each point of its work, and the next one goes on."""

import signal
import time

import pytest

from harness.children import doomed
from harness.doomed import Point
from harness.suite import Suite


@pytest.mark.parametrize("point", Point)
def test_killed_consumers_lose_and_repeat_nothing(running: Suite, tmp_path, point):
    """Invariant 1: what was committed is neither missing, nor applied twice, nor out of order, whatever dies.

    Invariant 2: and nobody is mailed twice. The consumers of both services die at the same point.
    """
    tasks, mails = running.consumers
    times = 1 if point is Point.REVOKING else 3
    with (
        running.writer() as writer,
        running.without(tasks, mails),
        doomed(running.stack, tmp_path, tasks.package, point, times=times) as first,
        doomed(running.stack, tmp_path, mails.package, point, times=times) as second,
    ):
        if point is Point.REVOKING:
            first.wait_said("partitions taken")
            second.wait_said("partitions taken")
            running.bring_back(tasks, mails)
        assert [first.wait(), second.wait()] == [-signal.SIGKILL] * 2
        died = time.monotonic()
        running.bring_back(tasks, mails)
        recovery_s = running.recovery_s(writer.ledger, since=died)
    assert running.problems(writer) == []
    assert recovery_s <= 10
