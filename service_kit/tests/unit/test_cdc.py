"""Row changes: how they are decoded, and that their versions never let an older state win (decision 3)."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_kit.cdc import Change, RowChange, row_change_decoder, utc_from_ms
from service_kit.messages import Message, Unprocessable


class ItemChange(RowChange, kw_only=True):
    id: int
    state: int


decode = row_change_decoder(ItemChange)


def message(value: dict | None, *, headers=()) -> Message:
    return Message("items", 0, 0, b"1", None if value is None else json.dumps(value).encode(), headers)


def change_of(state: int, op: str, lsn: int, row_lsn: int, epoch: int = 1) -> Change[ItemChange]:
    value = {"id": 1, "state": state, "__op": op, "__lsn": lsn, "row_lsn": row_lsn, "__ts_ms": 0}
    return decode(message(value, headers=(("epoch", str(epoch).encode()),)))


def test_metadata_is_read_and_unknown_columns_are_ignored():
    value = {"id": 1, "state": 2, "new": [], "__op": "d", "__lsn": 7, "__ts_ms": 10, "__source_ts_ms": 5}
    change = decode(message(value))
    assert (change.version, change.deleted, change.is_snapshot) == ((1, 7), True, False)
    assert (change.committed_at, change.captured_at) == (utc_from_ms(5), utc_from_ms(10))


def test_a_tombstone_is_none():
    assert decode(message(None)) is None


@pytest.mark.parametrize("epoch", [b"", b"x", b"-1", b"1.5", "²".encode()])
def test_an_epoch_that_is_no_number_is_refused(epoch):
    with pytest.raises(Unprocessable, match="epoch"):
        decode(
            message({"id": 1, "state": 1, "__op": "u", "__lsn": 1, "__ts_ms": 0}, headers=(("epoch", epoch),))
        )


@pytest.mark.parametrize("milliseconds", [10**18, -(10**18)])
def test_a_time_beyond_all_years_is_refused(milliseconds):
    with pytest.raises(Unprocessable, match="not a time"):
        utc_from_ms(milliseconds)


@dataclass(frozen=True)
class State:
    """One state of a row at the source: where its change and its commit stand in the log."""

    number: int
    row_lsn: int
    change_lsn: int
    commit_lsn: int

    def streamed(self) -> Change[ItemChange]:
        return change_of(self.number, "u", self.change_lsn, self.row_lsn)

    def in_snapshot(self, lsn: int) -> Change[ItemChange]:
        return change_of(self.number, "r", lsn, self.row_lsn)


@st.composite
def histories(draw) -> list[State]:
    """A row's states one after the other; between them, other rows' changes take room in the log."""
    states, lsn = [], 0
    for number in range(draw(st.integers(1, 6))):
        row_lsn = lsn + draw(st.integers(1, 3))
        change_lsn = row_lsn + draw(st.integers(0, 3))
        lsn = change_lsn + draw(st.integers(1, 5))
        states.append(State(number, row_lsn, change_lsn, lsn))
    return states


@given(histories(), st.data())
def test_states_only_go_forward_whatever_is_sent_again_and_whenever_a_snapshot_is_taken(states, data):
    """Restarts send old changes again; after a snapshot, streaming goes on from anywhere before it."""
    applied: list[int] = []
    version = (0, 0)
    position = 0
    for _ in range(data.draw(st.integers(1, 8))):
        if data.draw(st.booleans()):
            position = data.draw(st.integers(0, position))  # a restart: back to what was last flushed
            until = data.draw(st.integers(position, len(states)))
            sent = [state.streamed() for state in states[position:until]]
            position = max(position, until)
        else:
            snapshot_lsn = data.draw(st.integers(states[0].commit_lsn, states[-1].commit_lsn))
            seen = [state for state in states if state.commit_lsn <= snapshot_lsn]
            sent = [seen[-1].in_snapshot(snapshot_lsn)]
            position = data.draw(st.integers(0, len(seen)))
        for change in sent:
            if change.version > version:
                version = change.version
                applied.append(change.row.state)
    # What was in flight at a snapshot still arrives: in the end the last state shows.
    for state in states[position:]:
        change = state.streamed()
        if change.version > version:
            version = change.version
            applied.append(change.row.state)
    assert applied == sorted(applied)
    assert applied[-1] == states[-1].number


def test_a_row_position_from_another_log_counts_as_the_snapshots():
    """After a move to a new cluster, rows carry positions of the old one, which may be far ahead."""
    assert change_of(1, "r", lsn=50, row_lsn=9_000).version == (1, 50)
