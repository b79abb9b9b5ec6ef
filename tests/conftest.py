"""The whole suite, running, for tests that no single service can have; and what it runs on."""

import secrets
from collections.abc import Iterator

import pytest

from harness.compose import Compose
from harness.suite import Suite
from harness.target import Target

TARGETS = ("local", "compose")
_COMPOSE_TIMEOUT_S = 600


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--target", choices=TARGETS, default="local", help="what the suite runs on (default: the local stack)"
    )
    parser.addoption("--project", help="the compose project's name (default: a new one)")
    parser.addoption(
        "--write-golden", action="store_true", help="write golden files anew instead of comparing with them"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "target(name): runs on this target only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that are about the other target."""
    target = config.getoption("target")
    wanted = [item for item in items if all(mark.args == (target,) for mark in item.iter_markers("target"))]
    if others := [item for item in items if item not in wanted]:
        config.hook.pytest_deselected(items=others)
        items[:] = wanted
    if target == "compose":
        for item in items:  # the first one waits for images too
            item.add_marker(pytest.mark.timeout(_COMPOSE_TIMEOUT_S))


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The shared stack, chosen by `--target`; started at its first use."""
    if request.config.getoption("target") == "local":
        yield request.getfixturevalue("suite")
        return
    project = request.config.getoption("project") or f"team-suite-test-{secrets.token_hex(4)}"
    plugins = request.config.pluginmanager

    def say(line: str) -> None:
        with plugins.getplugin("capturemanager").global_and_fixture_disabled():
            plugins.getplugin("terminalreporter").write_line(line)

    with Compose(tmp_path_factory.mktemp("compose"), project, say) as compose:
        yield compose


@pytest.fixture(scope="session")
def running(target: Target) -> Iterator[Suite]:
    """The shared suite, watched by the audit."""
    running = Suite(target)
    running.watch()
    yield running
    running.close()
