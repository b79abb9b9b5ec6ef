"""The compose stack itself. One session has one: these tests follow each other, by the names of the files."""

import pytest

from harness.compose import Compose
from harness.suite import Suite


@pytest.fixture(scope="session")
def compose(running: Suite) -> Compose:
    """The stack under the running suite."""
    stack = running.stack
    assert isinstance(stack, Compose)
    return stack
