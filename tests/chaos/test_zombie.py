"""Faults, row 2: a consumer that was frozen until the group gave its work away, and then goes on."""

import signal

from harness.children import doomed
from harness.doomed import Point
from harness.suite import Suite


def test_a_zombie_commits_nothing(running: Suite, tmp_path):
    """Invariant 1: it holds messages that another consumer has applied since, and applies none of them."""
    tasks, _ = running.consumers
    with (
        running.writer() as writer,
        running.without(tasks),
        doomed(
            running.stack, tmp_path, tasks.package, Point.AFTER_POLL, times=3, number=signal.SIGSTOP
        ) as zombie,
    ):
        zombie.wait_frozen()
        running.bring_back(tasks)
        running.wait_shown(writer.ledger)
        zombie.send(signal.SIGCONT)
        zombie.wait_said("offsets were moved by another consumer")
        zombie.send(signal.SIGTERM)
        assert zombie.wait() == 0
    assert running.problems(writer) == []
