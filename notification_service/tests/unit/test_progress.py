"""A sender that is stuck says so."""

import pytest

from notification.delivery.progress import Progress
from service_kit.health import NotReadyError
from service_kit.testing import ManualClock


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def progress(clock):
    return Progress(clock, stuck_after_s=60)


async def rounds(progress, clock, seconds, **said):
    for _ in range(seconds):
        await clock.advance(1)
        progress.round_done(**{"mail_waits": False, "answered": False, "trouble": None, **said})


async def test_an_idle_sender_is_ready(progress, clock):
    await rounds(progress, clock, 1000)
    await progress.check()


async def test_a_sender_that_makes_no_rounds_is_not(progress, clock):
    await clock.advance(59)
    await progress.check()
    await clock.advance(2)
    with pytest.raises(NotReadyError, match="no round for 61 s"):
        await progress.check()


async def test_mail_that_waits_without_any_answer_means_stuck(progress, clock):
    await rounds(progress, clock, 61, mail_waits=True, trouble="ConnectionRefusedError")
    await progress.check()
    await rounds(progress, clock, 1, mail_waits=True, trouble="ConnectionRefusedError")
    with pytest.raises(NotReadyError, match=r"due for 61 s \(ConnectionRefusedError\)"):
        await progress.check()


async def test_a_long_queue_that_moves_is_fine(progress, clock):
    for _ in range(10):
        await rounds(progress, clock, 50, mail_waits=True)
        await rounds(progress, clock, 1, mail_waits=True, answered=True)
    await progress.check()
