"""How many requests one sender may make: beyond it they are refused, before any work is done for them."""

import math
from collections import OrderedDict
from http import HTTPStatus

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service_kit.clock import Clock, SystemClock
from service_kit.http.context import QUIET
from service_kit.http.problem import Problem
from service_kit.metrics import HTTP_LIMITED

# About 30 MB. Whoever has been silent for the longest is forgotten first.
MAX_SENDERS = 100_000


class RateLimit:
    """ASGI middleware that raises `Problem` 429 for whoever sends too much.

    A sender is the caller of a valid token, whatever their address, and otherwise the address that the
    connection comes from: a made-up token buys nothing. Nobody's X-Forwarded-For is believed. Each process
    counts for itself.
    """

    def __init__(self, app: ASGIApp, *, limit: str, clock: Clock | None = None) -> None:
        """`limit` as in `100/second`."""
        self._app = app
        self._clock = clock or SystemClock()
        self._limit: RateLimitItem = parse(limit)
        self._limiter = FixedWindowRateLimiter(SenderStorage(self._clock))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(QUIET):
            self._count(await _sender(scope))
        await self._app(scope, receive, send)

    def _count(self, sender: str) -> None:
        if not self._limiter.hit(self._limit, sender):
            HTTP_LIMITED.inc()
            wait_s = self._limiter.get_window_stats(self._limit, sender).reset_time - self._clock.monotonic()
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"Too many requests: more than {self._limit}.",
                headers={"Retry-After": str(max(1, math.ceil(wait_s)))},
            )


async def _sender(scope: Scope) -> str:
    address = scope["client"][0] if scope.get("client") else "unknown"
    if not any(name == b"authorization" for name, _ in scope["headers"]):
        return f"address {address}"
    try:
        caller = await scope["app"].state.authenticator.caller(Request(scope))
    except (Problem, OSError):
        # The route says what is wrong with it; that the keys are away is an OSError.
        return f"address {address}"
    return f"caller {caller.oid}"


class SenderStorage(Storage):
    """Counts in memory, for windows of one length, on our own clock.

    The library's own storage in memory starts a thread for each few requests, and keeps every sender that
    comes within a window.
    """

    STORAGE_SCHEME = None
    base_exceptions = ()

    def __init__(self, clock: Clock, *, max_senders: int = MAX_SENDERS) -> None:
        super().__init__()
        self._clock = clock
        self._max = max_senders
        # In the order in which their windows end.
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._windows)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count a request in the window that its sender's first one has opened."""
        self._forget()
        end_s, count = self._windows.get(key, (self._clock.monotonic() + expiry, 0))
        self._windows[key] = (end_s, count + amount)
        return count + amount

    def get(self, key: str) -> int:
        return self._windows.get(key, (0.0, 0))[1]

    def get_expiry(self, key: str) -> float:
        """When the sender's window ends, by our clock."""
        return self._windows.get(key, (self._clock.monotonic(), 0))[0]

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        count = len(self._windows)
        self._windows.clear()
        return count

    def clear(self, key: str) -> None:
        self._windows.pop(key, None)

    def _forget(self) -> None:
        """Drop windows that have ended; and the oldest, if there are too many."""
        now_s = self._clock.monotonic()
        while self._windows:
            end_s, _ = next(iter(self._windows.values()))
            if end_s > now_s and len(self._windows) < self._max:
                return
            self._windows.popitem(last=False)
