"""pytest fixtures: ``pytest_plugins = ["local_stack.pytest_plugin"]``, or installed, by itself."""

from collections.abc import Iterator

import pytest

from local_stack.testing import Stack

_VARIABLES = {"NOTIFICATION_BURST_SECONDS": "0"}
"""Each piece of news comes in a mail of its own, at once: the tests count them."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The infrastructure (PostgreSQL, Kafka, Connect, mail catcher), started at its first use.

    Shared by the whole session: use databases, topics, connectors and consumer groups of your own.
    """
    with Stack(tmp_path_factory.mktemp("stack"), variables=_VARIABLES) as running:
        yield running


@pytest.fixture(scope="session")
def suite(stack: Stack) -> Stack:
    """The whole suite on the shared stack: migrations, topics, connector and every service."""
    stack.start_services()
    return stack
