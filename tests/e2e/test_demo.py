"""`make demo` itself: on a machine where nothing runs, on a used stack, and where something is broken."""

import asyncio
import io
import os
import subprocess
import sys

import psutil
import pytest
from rich.console import Console

from local_stack import portcheck
from local_stack.demo.act import Play, perform
from local_stack.demo.command import demo
from local_stack.demo.doors import connected
from local_stack.demo.report import hints
from local_stack.demo.topics import ACCOUNTS
from local_stack.environment import build

pytestmark = [pytest.mark.timeout(300), pytest.mark.target("local")]

IMPORTED = 150


@pytest.fixture
def context(suite):
    return build(suite.environment)


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=120)


def test_it_starts_the_stack_counts_exactly_and_leaves_nothing_behind(tmp_path):
    variables = {
        "LOCAL_STATE_DIR": str(tmp_path / "state"),
        "PORT_OFFSET": str(portcheck.free_offset()),
        "NOTIFICATION_BURST_SECONDS": "5",  # news is put together, but not for a minute
    }
    finished = subprocess.run(
        [sys.executable, "-m", "local_stack", "demo"],
        check=False,
        env={**os.environ, **variables, "KEEP": ""},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "Every count is exact" in finished.stdout
    assert "assignments.csv: 150 new" in finished.stdout
    assert "24 tasks created, 8 of them for one of" in finished.stdout
    assert "all 16 open ones reassigned by a job, asked for twice: 16 after" in finished.stdout
    assert "a meeting of 12, then of one more who came into it" in finished.stdout
    assert "is not active any more, and gets no other token" in finished.stdout
    assert counts(finished.stdout, "Events") == {
        "task-bus": [99, 99, 0, 0, 0],
        "reassign-task-bus, by task": [16, 16, 0, 0, 0],
        "account-bus": [61, 61, 0, 0, 0],
        "meeting-bus": [35, 35, 0, 0, 0],
        "reminder-bus": [1, 1, 0, 0, 0],
    }
    mails = counts(finished.stdout, "News in the mails")
    assert mails["invited"] == [15, 15, 0, 0, 0, 0]
    assert mails["meeting_changed"] == [12, 12, 0, 0, 0, 0]
    assert mails["meeting_cancelled"] == [3, 3, 0, 0, 0, 0]
    assert mails["task_reminder"] == [1, 1, 0, 0, 0, 0]
    assert counts(finished.stdout, "Calendar objects") == {"REQUEST": [27, 27, 0, 0], "CANCEL": [3, 3, 0, 0]}
    assert not _processes_with(variables["LOCAL_STATE_DIR"])


def counts(printed, title):
    """The rows of a table of the report: what is counted → its numbers."""
    lines = printed.partition(f"\n{title}")[2].partition("└")[0].splitlines()
    rows = [[cell.strip(" ✔") for cell in line.split("│")][1:-1] for line in lines if "✔" in line]
    return {name: [int(number) for number in numbers] for name, *numbers in rows}


def test_it_is_exact_on_a_used_stack_too_and_leaves_it_running(suite, context, console, monkeypatch):
    monkeypatch.setattr("local_stack.demo.act.ROUNDS", 2)
    asyncio.run(_import_the_company(context, console))
    assert demo(context, console) == 0, console.file.getvalue()
    suite.wait_ready()


async def test_a_consumer_that_stands_still_is_noticed_and_named(suite, context, console, monkeypatch):
    monkeypatch.setattr("local_stack.demo.act.ARRIVAL_SECONDS", 3.0)
    suite.hold("task-meeting-consumer")
    try:
        outcome = await perform(context, console, ready_seconds=None)
    finally:
        suite.release("task-meeting-consumer")
        suite.wait_ready()
    lost = next(count for count in outcome.audit.states if count.thing == "assignments")
    assert (lost.committed, lost.shown, lost.lost) == (IMPORTED, 0, IMPORTED)
    assert not outcome.is_exact
    accounts = next(count for count in outcome.audit.events if count.topic == ACCOUNTS)
    assert (accounts.expected, accounts.is_exact) == (60, True), "people are told of all the same"
    assert "task-meeting-consumer.log" in " ".join(hints(outcome, context.paths))


async def _import_the_company(context, console):
    async with connected(context) as doors:
        play = Play(doors, console)
        await play.sign_in(context)
        await play.import_company()


def _processes_with(state_folder):
    return [
        process.cmdline()
        for process in psutil.process_iter()
        if _variable(process, "LOCAL_STATE_DIR") == state_folder
    ]


def _variable(process, name):
    try:
        return process.environ().get(name)
    except psutil.Error:
        return None
