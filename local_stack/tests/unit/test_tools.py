"""Tools get environments of their own, complete or not at all."""

from pathlib import Path

import pytest

from local_stack import tools
from local_stack.environment import Context
from local_stack.errors import StackError
from local_stack.processes import Command


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def make_folder(command: Command) -> None:
    """What `python -m venv FOLDER` does, as far as it matters here."""
    if "venv" in command.argv:
        Path(command.argv[-1]).mkdir(parents=True)


async def test_an_interrupted_installation_leaves_nothing(context: Context, cache: Path) -> None:
    async def run(command: Command) -> None:
        make_folder(command)
        if "pip" in command.argv:
            raise StackError("interrupted")

    with pytest.raises(StackError, match="interrupted"):
        await tools.provide("mail-catcher", context, run)
    assert list((cache / "team-suite" / "tools").iterdir()) == []


async def test_an_installation_is_made_once_and_by_hashes(context: Context) -> None:
    commands: list[Command] = []

    async def run(command: Command) -> None:
        commands.append(command)
        make_folder(command)

    await tools.provide("mail-catcher", context, run)
    await tools.provide("mail-catcher", context, run)
    assert len(commands) == 2
    assert "--require-hashes" in commands[1].argv
    assert tools.environment_of("mail-catcher").is_dir()


def test_each_tool_has_its_own_environment() -> None:
    assert tools.environment_of("mail-catcher") != tools.environment_of("kafka-ui")
