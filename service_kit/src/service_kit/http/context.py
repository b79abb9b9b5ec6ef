"""The outermost layer of every HTTP app: a request id, security headers, and the last catch."""

import re
import uuid
from collections.abc import Sequence
from http import HTTPStatus
from time import perf_counter

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service_kit.db import is_transient
from service_kit.http.problem import Problem, problem_response
from service_kit.tracing import current_traceparent, traced

log = structlog.get_logger(__name__)
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MAX_LOGGED_PATH = 200
_RETRY_AFTER_S = "1"
# What probes, scrapers and the API page ask for says nothing of how the API does.
QUIET = ("/health/", "/metrics", "/docs", "/openapi.json")
# Answers are data for one caller: nothing may run in them, frame them, sniff or keep them.
_DEFAULT_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class RequestContext:
    """ASGI middleware: see the module's docstring. It never raises for an HTTP request."""

    def __init__(self, app: ASGIApp, *, secret_paths: Sequence[str] = ()) -> None:
        """What follows one of the prefixes `secret_paths` is not logged."""
        self._app = app
        self._secret_paths = secret_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = _request_id(scope)
        with traced(_traceparent(scope)), structlog.contextvars.bound_contextvars(**_ids(scope)):
            await _Exchange(self._app, scope, send, self._secret_paths).run(receive)


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: ASGIApp, scope: Scope, send: Send, secret_paths: Sequence[str]) -> None:
        self._app = app
        self._scope = scope
        self._send = send
        self._secret_paths = secret_paths
        self._status: int | None = None

    async def run(self, receive: Receive) -> None:
        started = perf_counter()
        try:
            await self._app(self._scope, receive, self._send_with_headers)
        except HTTPException as error:
            await self._answer(error, receive)
        except ClientDisconnect:
            # Nobody reads an answer any more, and nothing here has failed: anybody could cause an alert.
            pass
        except Exception as error:  # noqa: BLE001 - nothing may leave without an answer
            await self._answer(_unexpected(error), receive)
        self._log(perf_counter() - started)

    async def _answer(self, error: HTTPException, receive: Receive) -> None:
        if self._status is not None:
            # The answer has begun: breaking the connection is the only way left to say that it is broken.
            raise error
        response = problem_response(error, self._scope["request_id"])
        await response(self._scope, receive, self._send_with_headers)

    async def _send_with_headers(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _DEFAULT_HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-ID"] = self._scope["request_id"]
        await self._send(message)

    def _log(self, seconds: float) -> None:
        path = self._path()
        # A query may hold a name, so it is not logged.
        write = log.debug if path.startswith(QUIET) else log.info
        write(
            "http_request",
            method=self._scope["method"],
            path=path,
            status=int(self._status) if self._status is not None else None,
            ms=round(seconds * 1000, 2),
            caller=self._caller(),
        )

    def _path(self) -> str:
        """Paths hold ids only, but for those that are said to hold secrets."""
        path: str = self._scope["path"]
        secret = (prefix for prefix in self._secret_paths if path.startswith(prefix) and path != prefix)
        return next((f"{prefix}[secret]" for prefix in secret), path[:_MAX_LOGGED_PATH])

    def _caller(self) -> str | None:
        """Their oid, if somebody has asked for it: a name does not go into a log."""
        oid = getattr(self._scope.get("authentication"), "oid", None)
        return None if oid is None else str(oid)


def _unexpected(error: Exception) -> Problem:
    """Log what no route expected, and say no more of it than must be."""
    if is_transient(error):
        # Without a traceback: while a database is away there is one of these for each request.
        log.warning("http_dependency_away", error=type(error).__name__)
        detail = "Something that this server needs is away. Try again soon."
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": _RETRY_AFTER_S})
    log.error("http_request_failed", exc_info=error)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed. Its logs say why.")


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex


def _traceparent(scope: Scope) -> str | None:
    """The caller's trace. Of two, neither is taken (W3C Trace Context, section 3.2)."""
    given = Headers(scope=scope).getlist("traceparent")
    return given[0] if len(given) == 1 else None


def _ids(scope: Scope) -> dict[str, str]:
    """What every log line of a request carries."""
    ids = {"request_id": scope["request_id"]}
    if trace := current_traceparent():
        ids["trace_id"] = trace.split("-")[1]
    return ids
