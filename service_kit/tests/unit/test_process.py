import asyncio
import gc
import os
import signal

import pytest

from service_kit.process import PartEndedError, run, serve


class Worker:
    """A part that works until it is stopped, or ends as it is told to."""

    def __init__(self, *, error=None, ends=False, deaf=False):
        self.error, self.ends, self.deaf = error, ends, deaf
        self.stopped = asyncio.Event()
        self.finished = False

    async def run(self):
        if self.error:
            raise self.error
        if self.ends:
            return
        await (asyncio.Event() if self.deaf else self.stopped).wait()
        self.finished = True

    def stop(self):
        self.stopped.set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_every_part_and_is_no_failure(number):
    workers = [Worker(), Worker()]
    asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), number)
    await serve(*workers)
    assert all(worker.finished for worker in workers)


async def test_full_collections_pass_over_what_was_there_at_the_start():
    gc.unfreeze()
    asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGTERM)
    await serve(Worker())
    assert gc.get_freeze_count() > len(gc.get_objects()) / 2


async def test_the_first_failure_stops_the_others_and_is_raised():
    healthy = Worker()
    with pytest.raises(ExceptionGroup) as caught:
        await serve(healthy, Worker(error=OSError("broken")))
    assert healthy.finished
    assert caught.group_contains(OSError, match="broken")


async def test_a_part_that_ends_by_itself_is_a_failure():
    with pytest.raises(ExceptionGroup) as caught:
        await serve(Worker(), Worker(ends=True))
    assert caught.group_contains(PartEndedError)


async def test_a_part_that_does_not_stop_is_cancelled():
    deaf, healthy = Worker(deaf=True), Worker()
    asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGTERM)
    await serve(deaf, healthy, grace_s=0.05)
    assert healthy.finished
    assert not deaf.finished


async def test_a_second_signal_cancels_at_once():
    for delay in (0.01, 0.05):
        asyncio.get_running_loop().call_later(delay, os.kill, os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(5):
        await serve(Worker(deaf=True), grace_s=60)


def test_a_failed_process_exits_with_one():
    async def fail():
        raise OSError("broken")

    with pytest.raises(SystemExit) as caught:
        run(fail())
    assert caught.value.code == 1
