"""Faults, rows 10 and 11: the table is read anew, because the connector or the source lost its place."""

from collections.abc import Iterator

import pytest

from harness.capture import Capture
from harness.suite import Suite
from harness.waiting import until


@pytest.fixture
def capture(running: Suite) -> Iterator[Capture]:
    """The connector, which runs again when the test ends."""
    capture = Capture(running.stack)
    yield capture
    capture.resume()
    capture.close()


def test_a_snapshot_of_what_is_known_changes_nothing(running: Suite, capture: Capture):
    """Invariant 2: the rows of a snapshot are no news, and none of them wins over what is known."""
    with running.writer() as writer:
        until(lambda: len(writer.ledger.versions) > 50, "there is something to read anew")
    assert running.problems(writer) == []
    before, sweeps = running.picture(), running.sweeps()
    capture.stop()
    capture.forget_position()
    capture.resume()
    until(lambda: running.sweeps() > sweeps, "the snapshot is read and swept", timeout_s=60)
    assert running.picture() == before


def test_what_a_lost_slot_missed_is_made_good(running: Suite, capture: Capture):
    """Invariant 1: rows that came while nobody captured appear, and those that went are swept.

    Nobody is mailed about them, as nobody knows when it happened. A writer runs throughout, so that
    transactions are under way when the snapshot is taken.
    """
    desk = running.desk()
    people, places = desk.company.people, desk.company.places
    stays, goes, moves = [desk.assign(person, places[0]) for person in people[:3]]
    running.wait_shown(desk.ledger)
    told = running.wait_mailed(desk.company.marker)
    sweeps = running.sweeps()
    with running.writer() as writer:
        capture.stop()
        capture.drop_slot()
        desk.end(goes)
        desk.move(moves, places[1])
        comes = desk.assign(people[3], places[2])
        capture.resume()
        until(lambda: running.sweeps() > sweeps, "the snapshot is read and swept", timeout_s=60)
    running.wait_right(writer)
    running.wait_right(desk)
    for projection in running.projections:
        assert projection.living([person.oid for person in people]).keys() == {stays, moves, comes}
    assert running.notifications(desk.company.marker) == told

    desk.link(stays, "https://apply.example/again")
    running.wait_right(desk)
    assert [row["kind"] for row in running.wait_mailed(desk.company.marker) if row not in told] == ["changed"]
