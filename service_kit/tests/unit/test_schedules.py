"""What comes round: at once, then every so often; again when it failed; and noticed when it is late."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from service_kit.health import NotReadyError
from service_kit.schedules import Schedule, Scheduler
from service_kit.testing import ManualClock


@pytest.fixture(autouse=True)
def logs():
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def clock():
    return ManualClock()


class Work:
    """Notes when it was looked at; `answers` are the next looks' (whether there is more), or are raised."""

    def __init__(self, clock, answers=()):
        self.clock = clock
        self.answers = list(answers)
        self.looked_at = []

    async def look(self):
        self.looked_at.append(self.clock.monotonic())
        answer = self.answers.pop(0) if self.answers else False
        if isinstance(answer, Exception):
            raise answer
        return answer


@asynccontextmanager
async def kept(clock, work, every_s=10, *, ends=True):
    scheduler = Scheduler([Schedule("work", timedelta(seconds=every_s), work.look)], clock=clock)
    task = asyncio.create_task(scheduler.run())
    await passes(clock, 0)
    try:
        yield scheduler
    finally:
        scheduler.stop()
        if not ends:
            task.cancel()
        await asyncio.wait_for(asyncio.wait([task]), 5)


async def passes(clock, seconds):
    for second in [0] + [1] * seconds:
        await clock.advance(second)
        for _ in range(5):  # until whoever woke sleeps again
            await asyncio.sleep(0)


async def test_it_is_looked_at_once_and_every_so_often_and_again_while_there_is_more(clock):
    work = Work(clock, [True, True, False])
    async with kept(clock, work):
        await passes(clock, 25)
    assert work.looked_at == [0, 0, 0, 10, 20]


@pytest.mark.parametrize(("every_s", "again_s"), [(10, 10), (3600, 30)])
async def test_a_failure_is_logged_counted_and_soon_tried_again(clock, logs, every_s, again_s):
    def runs(outcome):
        return REGISTRY.get_sample_value("schedule_runs_total", {"schedule": "work", "outcome": outcome})

    work = Work(clock, [OSError("away"), KeyError("a bug"), False])
    async with kept(clock, work, every_s):
        failures, successes = runs("failure"), runs("success")
        await passes(clock, 2 * again_s)
        assert (runs("failure") - failures, runs("success") - successes) == (1, 1)
        since = REGISTRY.get_sample_value("schedule_last_success_timestamp_seconds", {"schedule": "work"})
        assert since == clock.now().timestamp()
    assert work.looked_at == [0, again_s, 2 * again_s]
    assert [(it["event"], it["schedule"], it["error"], bool(it["exc_info"])) for it in logs] == [
        ("schedule_failed", "work", "OSError", False),
        ("schedule_failed", "work", "KeyError", True),
    ]


async def test_readiness_notices_a_schedule_that_fails_and_one_that_hangs(clock):
    work = Work(clock, [OSError()] * 7)
    async with kept(clock, work) as scheduler:
        await passes(clock, 60)
        await scheduler.check()
        await passes(clock, 9)
        with pytest.raises(NotReadyError, match="work is 69 s late"):
            await scheduler.check()
        await passes(clock, 1)
        await scheduler.check()
    hanging = Work(clock)
    hanging.look = asyncio.Event().wait
    async with kept(clock, hanging, ends=False) as scheduler:
        await passes(clock, 61)
        with pytest.raises(NotReadyError, match="work is 61 s late"):
            await scheduler.check()


async def test_it_stops_between_two_parts_of_what_is_due(clock):
    class Endless(Work):
        async def look(self):
            await super().look()
            await asyncio.sleep(0)
            return True

    work = Endless(clock)
    async with kept(clock, work):
        await passes(clock, 1)
    done = len(work.looked_at)
    await passes(clock, 20)
    assert len(work.looked_at) == done > 1
