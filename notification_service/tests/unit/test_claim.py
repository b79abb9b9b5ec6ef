"""The last check before a mail goes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from notification.service.claim import why_void
from notification.states import Kind, State

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ANN, BOB = UUID(int=1), UUID(int=2)


def why(kind, **changed):
    mail = {
        "kind": kind,
        "user_oid": ANN,
        "committed_at": NOW,
        "ended": False,
        "holder": ANN,
        "removed_later": False,
        "assigned_state": None,
    }
    return why_void({**mail, **changed}, oldest_news=NOW - timedelta(hours=72))


@pytest.mark.parametrize("kind", [Kind.ASSIGNED, Kind.CHANGED, Kind.RENAMED])
def test_news_of_a_living_assignment_goes(kind):
    assert why(kind) is None


@pytest.mark.parametrize("kind", [Kind.ASSIGNED, Kind.CHANGED, Kind.RENAMED])
@pytest.mark.parametrize("changed", [{"ended": True}, {"holder": BOB}, {"removed_later": True}])
def test_news_of_what_is_no_more_does_not_go(kind, changed):
    assert why(kind, **changed) is not None


@pytest.mark.parametrize("state", [None, State.SENT, State.FAILED, State.UNCONFIRMED])
def test_the_end_goes_to_whoever_may_know_of_the_beginning(state):
    assert why(Kind.REMOVED, ended=True, assigned_state=state) is None


def test_the_end_of_what_nobody_was_told_does_not_go():
    assert why(Kind.REMOVED, ended=True, assigned_state=State.CANCELLED) is not None


@pytest.mark.parametrize("kind", Kind)
def test_old_news_does_not_go(kind):
    assert why(kind, committed_at=NOW - timedelta(hours=73)) is not None
