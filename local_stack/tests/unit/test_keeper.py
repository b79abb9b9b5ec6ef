"""One part's life, with real small processes."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from local_stack import keeper as keeper_module
from local_stack.board import Board
from local_stack.environment import Context
from local_stack.errors import StackError
from local_stack.keeper import Keeper
from local_stack.parts import Process, Run, Step
from local_stack.processes import Command, Identity
from local_stack.state import PartPhase, PartState, StackState


class Rig:
    """A keeper for one part, and what it reports."""

    def __init__(self, context: Context, part: Step | Process) -> None:
        context.paths.root.mkdir(parents=True, exist_ok=True)
        self.board = Board(context.paths.state, StackState(Identity.of(os.getpid())))
        self.board.add(part)
        self.keeper = Keeper(part, context, self.board)
        self.name = part.name

    @property
    def part(self) -> PartState:
        return self.board.state.parts[self.name]

    async def until(self, condition: Callable[[PartState], bool], seconds: float = 5) -> None:
        deadline = time.monotonic() + seconds
        while not condition(self.part):
            assert time.monotonic() < deadline, self.part
            await asyncio.sleep(0.01)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(self.keeper.run())
        try:
            yield task
        finally:
            await self.keeper.hold()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def ready(_: Context) -> bool:
    return True


async def never(_: Context) -> bool:
    return False


def process(script: str, is_ready=ready, start_timeout: float = 5) -> Process:
    return Process(
        name="part",
        title="The part",
        command=lambda context: Command(("sh", "-c", script), {"PATH": os.environ["PATH"]}, Path("/")),
        is_ready=is_ready,
        start_timeout=start_timeout,
        stop_timeout=1,
    )


def step(*argv: str) -> Step:
    async def work(context: Context, run: Run) -> None:
        await run(Command(argv, {"PATH": os.environ["PATH"]}, Path("/")))

    return Step(name="part", title="The part", work=work)


@pytest.fixture(autouse=True)
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "_FIRST_BACKOFF_SECONDS", 0.05)


async def test_a_step_is_done_when_its_command_succeeds(context: Context) -> None:
    rig = Rig(context, step("true"))
    await rig.keeper.run()
    assert rig.part.phase is PartPhase.DONE


async def test_a_step_that_fails_is_quoted(context: Context) -> None:
    rig = Rig(context, step("sh", "-c", "echo the reason; exit 7"))
    with pytest.raises(StackError, match=r"The part failed \(it ended with exit code 7\)\nthe reason\n"):
        await rig.keeper.run()


async def test_only_the_words_of_this_start_are_quoted(context: Context) -> None:
    context.paths.logs.mkdir(parents=True)
    context.paths.log("part").write_text("an old story\n")
    rig = Rig(context, step("sh", "-c", "echo news; exit 1"))
    with pytest.raises(StackError) as caught:
        await rig.keeper.run()
    assert "news" in str(caught.value)
    assert "old story" not in str(caught.value)


async def test_a_full_disk_is_said_in_words(context: Context) -> None:
    rig = Rig(context, step("sh", "-c", "echo 'write: No space left on device'; exit 1"))
    with pytest.raises(StackError, match="The disk is full"):
        await rig.keeper.run()


async def test_a_program_that_is_missing_is_an_error_of_the_part(context: Context) -> None:
    rig = Rig(context, step("/no/such/program"))
    with pytest.raises(StackError, match="The part: There is no program /no/such/program"):
        await rig.keeper.run()


async def test_a_process_that_dies_is_started_again_and_that_is_said(context: Context) -> None:
    rig = Rig(context, process("exec sleep 1000"))
    async with rig.running():
        await rig.until(lambda part: part.phase is PartPhase.READY)
        first = rig.part.process
        assert first
        os.kill(first.pid, signal.SIGKILL)
        await rig.until(lambda part: "killed by SIGKILL; starts again in 0.05 s" in part.detail)
        await rig.until(lambda part: part.phase is PartPhase.READY)
        assert rig.part.process != first
        assert rig.part.restarts == 1


async def test_a_process_that_never_becomes_ready_fails_with_its_last_words(context: Context) -> None:
    rig = Rig(context, process("echo cannot; exit 2", never))
    with pytest.raises(StackError, match=r"does not start: it ended with exit code 2\n(.*\n)*?cannot"):
        await rig.keeper.run()
    assert rig.part.restarts == 2


async def test_a_process_that_takes_too_long_is_ended(context: Context) -> None:
    rig = Rig(context, process("exec sleep 1000", never, start_timeout=0.1))
    with pytest.raises(StackError, match=r"not ready after 0\.1 s \(it says that it is not ready\)"):
        await rig.keeper.run()
    assert rig.part.process is None


async def test_a_probe_that_knows_better_ends_the_start_at_once(context: Context) -> None:
    async def refused(_: Context) -> bool:
        raise StackError("it will never be ready")

    rig = Rig(context, process("exec sleep 1000", refused))
    with pytest.raises(StackError, match="it will never be ready"):
        await rig.keeper.run()
    assert rig.part.process is None


async def test_a_held_process_stays_down_until_it_is_released(context: Context) -> None:
    rig = Rig(context, process("exec sleep 1000"))
    async with rig.running():
        await rig.until(lambda part: part.phase is PartPhase.READY)
        await rig.keeper.hold()
        await rig.until(lambda part: part.phase is PartPhase.HELD)
        assert rig.part.process is None
        rig.keeper.release()
        await rig.until(lambda part: part.phase is PartPhase.READY)
        assert rig.part.restarts == 0


async def test_stopping_during_a_step_kills_its_command(context: Context) -> None:
    rig = Rig(context, step("sleep", "1000"))
    async with rig.running() as task:
        await rig.until(lambda part: part.process is not None)
        child = rig.part.process
        assert child
        await rig.keeper.hold()
        assert not child.is_alive()
        with pytest.raises(StackError, match="killed by SIGKILL"):
            await task


async def test_a_part_waits_for_what_it_needs(context: Context) -> None:
    first, second = step("true"), step("true")
    rig = Rig(context, first)
    needing = Step(name="second", title="Second", needs=("part",), work=second.work)
    rig.board.add(needing)
    waiting = asyncio.create_task(Keeper(needing, context, rig.board).run())
    await asyncio.sleep(0.1)
    assert rig.board.state.parts["second"].phase is PartPhase.WAITING
    await rig.keeper.run()
    await waiting
    assert rig.board.state.parts["second"].phase is PartPhase.DONE
