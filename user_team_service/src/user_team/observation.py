"""What is known of every request: its id in logs and answer, a log line, and its place in the metrics."""

import logging
import re
import uuid
from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from user_team import logs
from user_team.metrics import HTTP_REQUEST_SECONDS

log = logging.getLogger(__name__)
# The same rule as in the other services.
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MAX_LOGGED_PATH = 200
_PROBES = "/health/"
# Labels must not grow with what clients write: a path or a method that nobody serves is one of these.
UNMATCHED = "unmatched"
OTHER_METHOD = "other"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def observe(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The outermost middleware."""

    def middleware(request: HttpRequest) -> HttpResponse:
        started = perf_counter()
        request_id = _request_id(request)
        # Django logs an answer of 400 or above after this has returned; that record carries the request.
        request.request_id = request_id  # type: ignore[attr-defined]
        token = logs.request_id.set(request_id)
        try:
            response = get_response(request)
            response.headers["X-Request-ID"] = request_id
            _report(request, response, perf_counter() - started)
        finally:
            logs.request_id.reset(token)
        return response

    return middleware


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex


def _report(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    # What probes and pages ask for beside says nothing of how the admin does.
    quiet = request.path.startswith((_PROBES, settings.STATIC_URL))
    if not quiet:
        method = request.method if request.method in _METHODS else OTHER_METHOD
        HTTP_REQUEST_SECONDS.labels(method, _template(request), str(response.status_code)).observe(seconds)
    # Paths hold ids only; a query may hold a name, so it is not logged.
    fields = {
        "method": request.method,
        "path": request.path[:_MAX_LOGGED_PATH],
        "status": response.status_code,
        "ms": round(seconds * 1000, 2),
    }
    log.log(logging.DEBUG if quiet else logging.INFO, "http_request", extra={"fields": fields})


def _template(request: HttpRequest) -> str:
    match = request.resolver_match
    return UNMATCHED if match is None else f"/{match.route}"
