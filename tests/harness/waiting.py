"""Waiting for something to become true, with a deadline instead of a sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], what: str, *, timeout_s: float = 30.0, poll_s: float = 0.02) -> T:
    """Ask until the answer is true, and return it.

    Raises:
        AssertionError: it did not become true within `timeout_s` seconds; says `what` was waited for
            and the last answer.
    """
    deadline = time.monotonic() + timeout_s
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what} (last answer: {answer!r})")
        time.sleep(poll_s)
    return answer
