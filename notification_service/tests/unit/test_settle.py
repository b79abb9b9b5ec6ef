"""What a mail becomes after an attempt, and when it is tried again."""

from datetime import timedelta

import pytest

from notification.mail.outcome import Outcome, Result
from notification.service.settle import Backoff, next_state
from notification.states import State


@pytest.mark.parametrize(
    ("outcome", "in_doubt", "state"),
    [
        (Outcome.ACCEPTED, False, State.ACCEPTED),
        (Outcome.ACCEPTED, True, State.ACCEPTED),
        (Outcome.REFUSED, False, State.BOUNCED),
        (Outcome.REFUSED, True, State.BOUNCED),
        (Outcome.DEFERRED, False, State.RETRYING),
        (Outcome.DEFERRED, True, State.RETRYING),
        (Outcome.UNCONFIRMED, False, State.RETRYING),
        (Outcome.UNCONFIRMED, True, State.UNCONFIRMED),
    ],
)
def test_the_state_after_an_attempt(outcome, in_doubt, state):
    assert next_state(Result(outcome, "x"), in_doubt=in_doubt) is state


def test_backoff_grows_and_is_spread_and_bounded():
    backoff = Backoff(base=timedelta(seconds=2), longest=timedelta(minutes=5))
    for attempt, ceiling in [(1, 4), (2, 8), (5, 64), (20, 300), (10_000, 300)]:
        delays = [backoff.delay(attempt).total_seconds() for _ in range(300)]
        assert 0 <= min(delays) < ceiling / 4
        assert ceiling * 3 / 4 < max(delays) <= ceiling
