"""The trace that a piece of work belongs to, as W3C Trace Context writes it (`traceparent`, version 00)."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current_traceparent() -> str | None:
    """The `traceparent` of the work at hand, or None outside of any."""
    return _current.get()


@contextmanager
def traced(parent: str | None) -> Iterator[None]:
    """Let the block belong to the caller's trace, or to a new one when `parent` is none or malformed."""
    token = _current.set(_child_of(parent))
    try:
        yield
    finally:
        _current.reset(token)


def _child_of(parent: str | None) -> str:
    if parent is None or not _TRACEPARENT.fullmatch(parent):
        return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    version, trace, _span, flags = parent.split("-")
    return f"{version}-{trace}-{secrets.token_hex(8)}-{flags}"
