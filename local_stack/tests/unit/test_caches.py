"""The start-up caches of the Java programs: made once, used when they fit, never needed."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local_stack import caches, java
from local_stack.environment import Context
from local_stack.errors import StackError
from local_stack.processes import Command


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@dataclass
class Runs:
    """Counts the trainings; the first ones fail."""

    failures: int = 0
    commands: list[Command] = field(default_factory=list)

    async def __call__(self, command: Command) -> None:
        self.commands.append(command)
        if len(self.commands) <= self.failures:
            raise StackError("no")


def make(program: str) -> None:
    java.cache_of(program).parent.mkdir(parents=True, exist_ok=True)
    java.cache_of(program).touch()


async def test_caches_that_are_missing_are_made(context: Context) -> None:
    runs = Runs()
    make("kafka")
    await caches.PARTS[0].work(context, runs)
    assert runs.commands[0].argv[-2:] == ("-m", "local_stack.train")


async def test_caches_that_are_there_are_not_made_again(context: Context) -> None:
    runs = Runs()
    make("kafka")
    make("connect")
    await caches.PARTS[0].work(context, runs)
    assert runs.commands == []


async def test_a_training_that_fails_stops_nothing(context: Context) -> None:
    await caches.PARTS[0].work(context, Runs(failures=1))


def test_a_program_uses_its_cache_only_if_there_is_one(context: Context) -> None:
    assert "-XX:AOTCache=" not in " ".join(java.command(context, "kafka", "1m", "Main").argv)
    make("kafka")
    assert f"-XX:AOTCache={java.cache_of('kafka')}" in java.command(context, "kafka", "1m", "Main").argv
    assert "-XX:AOTCache=" not in " ".join(java.command(context, "connect", "1m", "Main").argv)


def test_a_cache_fits_only_its_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    before = java.cache_of("kafka")
    monkeypatch.setattr(java, "_FLAGS", ("-XX:+UseZGC",))
    assert java.cache_of("kafka") != before


def test_a_recording_writes_what_it_learns(context: Context, tmp_path: Path) -> None:
    command = java.recording(java.command(context, "kafka", "1m", "Main"), tmp_path / "new.aot")
    assert f"-XX:AOTCacheOutput={tmp_path / 'new.aot'}" in command.argv
    assert command.argv[-1] == "Main"
