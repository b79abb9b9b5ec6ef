"""What a request may be at most: refused here before anything reads, decodes or stores it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service_kit.http.problem import Problem

# Probes and scrapers address a process by its IP; these pages repeat nothing of the request.
_ANY_HOST = ("/health/", "/metrics")
_HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# A server would have to choose between two of them.
_ONCE = ("if-match", "if-none-match", "idempotency-key")
_ENCODED_SEPARATOR = re.compile(rb"%2f|%5c", re.IGNORECASE)


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes; `headers` is all of them together but for access tokens, which have their own limit."""

    body: int = 1_000_000
    headers: int = 16_000
    path: int = 2_000
    query: int = 4_000
    query_parameters: int = 50
    larger_bodies: Mapping[str, int] = field(default_factory=dict)

    def body_at(self, path: str) -> int:
        """The largest body at a path: that of the first prefix in `larger_bodies`, or `body`."""
        return next(
            (size for prefix, size in self.larger_bodies.items() if path.startswith(prefix)), self.body
        )


class RequestLimits:
    """ASGI middleware that raises `Problem` for what `limits` or plain sense forbid.

    Range headers are dropped: every answer is small, and a server may ignore them (RFC 9110, 14.2).
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: Sequence[str], limits: Limits) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in allowed_hosts)
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        self._check_host(scope["path"], headers)
        self._check_headers(scope["headers"])
        self._check_path(scope["raw_path"])
        self._check_query(scope["query_string"])
        largest = self._limits.body_at(scope["path"])
        _check_body(headers, largest)
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"range"]
        await self._app(scope, _counted(receive, largest), send)

    def _check_host(self, path: str, headers: Headers) -> None:
        if "*" in self._hosts or path.startswith(_ANY_HOST):
            return
        given = headers.getlist("host")
        match = _HOST.fullmatch(given[0]) if len(given) == 1 else None
        if match is None or match["name"].lower() not in self._hosts:
            raise Problem(HTTPStatus.BAD_REQUEST, "This host is not served here.")

    def _check_headers(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        # Whoever sends too long a token is told so, by 401: `auth.tokens.MAX_TOKEN`.
        size = sum(len(name) + len(value) for name, value in pairs if name != b"authorization")
        if size > self._limits.headers:
            raise Problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too long.")

    def _check_path(self, raw: bytes) -> None:
        if len(raw) > self._limits.path:
            raise Problem(HTTPStatus.REQUEST_URI_TOO_LONG, "The path is too long.")
        decoded = _decode(raw)
        if _CONTROL.search(decoded) or _ENCODED_SEPARATOR.search(raw) or ".." in decoded.split("/"):
            raise Problem(HTTPStatus.BAD_REQUEST, "The path holds characters that no path has here.")

    def _check_query(self, raw: bytes) -> None:
        if len(raw) > self._limits.query or raw.count(b"&") >= self._limits.query_parameters:
            raise Problem(HTTPStatus.REQUEST_URI_TOO_LONG, "The query is too long.")
        if "\0" in _decode(raw):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The query holds a NUL character.")


def _check_body(headers: Headers, largest: int) -> None:
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Compressed bodies are not accepted.",
            headers={"Accept-Encoding": "identity"},
        )
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length) > largest:
        raise _too_large(largest)


def _counted(receive: Receive, largest: int) -> Receive:
    """Count the body as it comes: a chunked one does not say its length."""
    size = 0

    async def receive_counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > largest:
            raise _too_large(largest)
        return message

    return receive_counted


def _too_large(largest: int) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is over {largest} bytes.")


def _decode(raw: bytes) -> str:
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise Problem(HTTPStatus.BAD_REQUEST, "The address is not valid UTF-8.") from None


async def refuse_repeated_parameters(request: Request) -> None:
    """A dependency of every route: of two values for one parameter, neither is chosen silently."""
    names = [("query", name) for name, _ in request.query_params.multi_items()]
    names += [("header", name) for name in request.headers if name in _ONCE]
    repeated = sorted(place for place, times in Counter(names).items() if times > 1)
    if repeated:
        raise RequestValidationError(
            [{"type": "repeated", "loc": place, "msg": "Given more than once"} for place in repeated]
        )


class TrailingSlash:
    """ASGI middleware: under `prefix`, a path without its last slash is the path with it.

    The name of a file, such as `calendar.ics`, is left as it is. No redirect: its address would have to be
    built from the Host header, which is wrong behind a proxy that changes the host, the scheme or the path.
    """

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._lacks_slash(scope["path"]):
            # In place: the metrics, outside of here, find the matched route in this scope.
            scope["path"] += "/"
            scope["raw_path"] += b"/"
        await self._app(scope, receive, send)

    def _lacks_slash(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        return path.startswith(self._prefix) and bool(name) and "." not in name
