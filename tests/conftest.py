"""The whole suite, running, for tests that no single service can have."""

from collections.abc import Iterator

import pytest

from harness.suite import Suite
from local_stack.testing import Stack


@pytest.fixture(scope="session")
def running(suite: Stack) -> Iterator[Suite]:
    """The shared suite, watched by the audit."""
    running = Suite(suite)
    running.watch()
    yield running
    running.close()
