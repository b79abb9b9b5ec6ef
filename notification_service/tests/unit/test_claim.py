"""The last check before a mail goes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from notification.kinds import Kind
from notification.service.truth import kind_now, why_void
from notification.states import Source

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ANN, BOB = UUID(int=1), UUID(int=2)


def why(kind, **changed):
    mail = {
        "kind": kind,
        "source": Source.ASSIGNMENTS,
        "user_oid": ANN,
        "committed_at": NOW,
        "expires_at": None,
        "ended": False,
        "holder": ANN,
        "gone": False,
        "inactive": False,
        "resends": 0,
        "resent_at": None,
        "outdated": False,
        "told": None,
        "opened": None,
    }
    return why_void({**mail, **changed}, now=NOW, oldest_news=NOW - timedelta(hours=72))


@pytest.mark.parametrize("kind", [Kind.ASSIGNED, Kind.CHANGED, Kind.RENAMED])
def test_news_of_a_living_assignment_goes(kind):
    assert why(kind) is None


@pytest.mark.parametrize("kind", [Kind.ASSIGNED, Kind.CHANGED, Kind.RENAMED])
@pytest.mark.parametrize("changed", [{"ended": True}, {"holder": BOB}, {"outdated": True}])
def test_news_of_what_is_no_more_does_not_go(kind, changed):
    assert why(kind, **changed) is not None


@pytest.mark.parametrize("told", [Kind.ASSIGNED, Kind.CHANGED])
def test_the_end_goes_to_whoever_may_know_of_it(told):
    assert why(Kind.REMOVED, ended=True, told=told, opened=True) is None


def test_the_end_goes_to_whoever_knew_of_it_before_there_were_mails():
    assert why(Kind.REMOVED, ended=True) is None


@pytest.mark.parametrize("told", [None, Kind.REMOVED])
def test_the_end_of_what_nobody_was_told_does_not_go(told):
    assert why(Kind.REMOVED, ended=True, told=told, opened=True) is not None


@pytest.mark.parametrize("kind", Kind)
def test_old_news_does_not_go(kind):
    assert why(kind, committed_at=NOW - timedelta(hours=73)) is not None


MEETING = {"source": Source.MEETINGS, "holder": None, "ended": None}
REMINDER = {**MEETING, "source": Source.REMINDERS}


@pytest.mark.parametrize("kind", [Kind.INVITED, Kind.MEETING_CHANGED, Kind.MEETING_CANCELLED])
def test_only_the_newest_state_of_a_meeting_goes(kind):
    known = {**MEETING, "told": Kind.INVITED, "opened": True}
    assert why(kind, **known) is None
    assert why(kind, **known, outdated=True) is not None


def test_an_invitation_and_a_reminder_do_not_go_to_who_has_left_but_a_cancellation_does():
    assert why(Kind.INVITED, **MEETING, gone=True) is not None
    assert why(Kind.TASK_OVERDUE, **REMINDER, gone=True) is not None
    assert why(Kind.MEETING_CANCELLED, **MEETING, gone=True, told=Kind.INVITED) is None


def test_the_cancellation_of_what_nobody_was_told_does_not_go():
    assert why(Kind.MEETING_CANCELLED, **MEETING, told=None, opened=True) is not None
    assert why(Kind.MEETING_CANCELLED, **MEETING, told=Kind.MEETING_CANCELLED, opened=True) is not None


def test_a_reminder_does_not_go_when_it_tells_nothing_new():
    assert why(Kind.TASK_REMINDER, **REMINDER, expires_at=NOW + timedelta(seconds=1)) is None
    assert why(Kind.TASK_REMINDER, **REMINDER, expires_at=NOW) is not None
    assert why(Kind.MEETING_REMINDER, **REMINDER, outdated=True) is not None


@pytest.mark.parametrize(
    ("told", "opened", "kind"),
    [
        (Kind.INVITED, True, Kind.MEETING_CHANGED),
        (None, None, Kind.MEETING_CHANGED),
        (None, True, Kind.INVITED),
        (Kind.MEETING_CANCELLED, True, Kind.INVITED),
    ],
)
def test_a_changed_meeting_is_an_invitation_to_who_knows_of_none(told, opened, kind):
    assert kind_now({"kind": "meeting_changed", "told": told, "opened": opened, "choices": None}) == kind
