"""Faults, row 10: messages come again, in order, backwards, or all of them from the first one on."""

import pytest

from harness.suite import Suite
from harness.waiting import until
from harness.writer import Writer


@pytest.fixture(scope="module")
def settled(running: Suite) -> Writer:
    """A writer that has stopped, and whose work has arrived."""
    with running.writer() as writer:
        until(lambda: len(writer.ledger.versions) > 60, "there is something to repeat")
    assert running.problems(writer) == []
    return writer


async def test_messages_that_come_three_times_change_nothing(running: Suite, settled: Writer):
    """Invariant 1: once more in order, once more backwards, so that older versions have newer offsets."""
    before = running.picture()
    records = await running.topic.read(settled.ledger.versions)
    assert len(records) > 100
    await running.topic.write([*records, *reversed(records)])
    running.wait_read(await running.topic.ends())
    assert running.picture() == before


async def test_a_replay_of_the_whole_topic_changes_nothing(running: Suite, settled: Writer):
    """Invariant 2: old news is no news, even for a consumer that reads all of it again."""
    before = running.picture()
    with running.without(*running.consumers):
        beginnings = await running.topic.beginnings()
        for projection in running.projections:
            projection.send_back(beginnings)
    running.wait_read(await running.topic.ends())
    assert running.picture() == before
    assert running.problems(settled) == []
