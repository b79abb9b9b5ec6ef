"""What is taken from the topic, and what is refused with a reason."""

import json

import pytest
from msgspec import UNSET

from service_kit.messages import Unprocessable
from task_meeting.events import decode_assignment


def test_a_change_is_read_with_its_version_and_times(feed, oid):
    change = decode_assignment(feed.change("u", 7, lsn=500, epoch=3, user_name="Анна Иванова"))
    assert change.version == (3, 500)
    assert (change.row.id, change.row.user_name, change.row.user_oid) == (7, "Анна Иванова", oid("user", 1))
    assert change.committed_at < change.captured_at


def test_an_assignment_without_a_team_is_read(feed):
    assert decode_assignment(feed.change(team=None)).row.team_oid is None


def test_columns_added_later_may_be_missing_and_unknown_ones_are_ignored(feed):
    later = ("application_url", "user_locale", "user_time_zone", "created_at", "row_lsn")
    row = decode_assignment(feed.change(without=later, shoe_size=43)).row
    assert row.application_url is row.user_locale is row.user_time_zone is row.created_at is UNSET


def test_a_snapshot_row_is_as_new_as_its_own_state_not_as_the_snapshot(feed):
    assert decode_assignment(feed.change("r", lsn=900, row_lsn=400)).version == (1, 400)


def test_a_tombstone_says_nothing(feed):
    assert decode_assignment(feed.message(1, None)) is None


@pytest.mark.parametrize(
    "columns",
    [
        {"id": 0},
        {"id": -1},
        {"id": 2**63},
        {"id": "1"},
        {"id": True},
        {"id": 1.5},
        {"user_oid": "not-a-uuid"},
        {"user_oid": None},
        {"user_name": None},
        {"user_name": "a" * 501},
        {"user_email": "a" * 501},
        {"application_url": "a" * 4001},
        {"created_at": "yesterday"},
        {"created_at": "2026-11-21T10:00:00"},
        {"__op": "x"},
        {"__lsn": "1"},
    ],
)
def test_a_row_of_another_form_is_unprocessable(feed, columns):
    value = json.loads(feed.change().value) | columns
    with pytest.raises(Unprocessable):
        decode_assignment(feed.message(1, json.dumps(value).encode()))


@pytest.mark.parametrize(
    "value", [b"", b"{", b"null", b"[]", b"\xff", b"{}", b'{"__op": "c"}', b"[" * 100_000]
)
def test_what_is_no_row_is_unprocessable(feed, value):
    with pytest.raises(Unprocessable):
        decode_assignment(feed.message(1, value))
