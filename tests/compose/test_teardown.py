"""The end: what `make clean` does leaves nothing. No test may come after this one."""

import pytest

from harness.compose import Compose
from harness.suite import Suite

pytestmark = pytest.mark.target("compose")


def test_nothing_is_left(running: Suite, compose: Compose):
    assert compose.leftovers().keys() == {"container", "volume", "network"}
    running.close()
    compose.down(volumes=True)
    assert compose.leftovers() == {}
