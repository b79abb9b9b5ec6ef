"""The whole suite, running, for tests that no single service can have; and what it runs on."""

from collections.abc import Iterator

import pytest

from harness.suite import Suite
from harness.target import Target

TARGETS = ("local", "compose")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--target", choices=TARGETS, default="local", help="what the suite runs on (default: the local stack)"
    )
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


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    """The shared stack, chosen by `--target`; started at its first use."""
    return request.getfixturevalue("suite")


@pytest.fixture(scope="session")
def running(target: Target) -> Iterator[Suite]:
    """The shared suite, watched by the audit."""
    running = Suite(target)
    running.watch()
    yield running
    running.close()
