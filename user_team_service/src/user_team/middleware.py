"""Small request wrappers of this service."""

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.paginator import InvalidPage
from django.db import DatabaseError, DataError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseForbidden,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.http.request import split_domain_port, validate_host
from django.utils import timezone
from django.utils.translation import gettext as _

from user_team.identity.views.problems import problem

GetResponse = Callable[[HttpRequest], HttpResponse]

log = logging.getLogger(__name__)

_UTF8 = {"utf-8", "utf8"}

# Unfold's pages use Alpine.js, which evaluates expressions, and small inline scripts. Nothing comes from
# elsewhere.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'"
)

# SQLSTATE classes and codes (PostgreSQL manual, appendix A) that mean "somebody else was at it too".
_INTEGRITY_VIOLATION = "23"
_CONCURRENCY = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock time-out
# What Django lets pass of a lookup that it, Python or the database can do nothing with.
_ODD = (DataError, ValueError, OverflowError, IndexError, InvalidPage)


def peer_address(request: HttpRequest) -> str | None:
    """The address at the other end of the connection; headers are not asked, as clients write them."""
    return request.META.get("REMOTE_ADDR")


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Tell browsers to load nothing from elsewhere."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        return response

    return middleware


def let_forms_lead_to(response: HttpResponse, origins: Iterable[str]) -> None:
    """Allow the forms of this page to end at other sites too: browsers check where a form redirects to."""
    response.headers["Content-Security-Policy"] = " ".join([_POLICY, *sorted(set(origins))])


def neighbours_only(get_response: GetResponse) -> GetResponse:
    """Serve keys and tokens over plain HTTP only to machines beside this one, which use a name of their own.

    Others are sent to HTTPS; a request with a password is refused instead, so that its script gets mended.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        plain = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if not (plain and request.path.startswith(settings.PLAIN_PATHS)) or _is_neighbour(request):
            return get_response(request)
        if request.method in {"GET", "HEAD"}:
            return HttpResponsePermanentRedirect(f"https://{request.get_host()}{request.get_full_path()}")
        return HttpResponseForbidden("Use HTTPS.", content_type="text/plain")

    return middleware


def _is_neighbour(request: HttpRequest) -> bool:
    name, _port = split_domain_port(request.get_host())
    return validate_host(name, settings.INTERNAL_HOSTS)


def no_nul(get_response: GetResponse) -> GetResponse:
    """Answer 400 to a NUL in the address or in a cookie.

    No database text can hold one, so nothing, a session neither, could be found by it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if "%00" in request.get_full_path():
            return HttpResponseBadRequest("A NUL character in the address.", content_type="text/plain")
        if any("\0" in value for value in request.COOKIES.values()):
            return HttpResponseBadRequest("A NUL character in a cookie.", content_type="text/plain")
        return get_response(request)

    return middleware


def utf8_only(get_response: GetResponse) -> GetResponse:
    """Answer 400 to a request that says it is written otherwise.

    Nothing here writes otherwise, and Django would ask Python for any codec that a request names.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in _UTF8:
            return problem(HTTPStatus.BAD_REQUEST, "Only UTF-8 is understood.")
        return get_response(request)

    return middleware


def own_time_zone(get_response: GetResponse) -> GetResponse:
    """Show times in the zone of the person who is signed in."""

    def middleware(request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "time_zone", "UTC")
        with timezone.override(ZoneInfo(zone)):
            return get_response(request)

    return middleware


class DatabaseConflictMiddleware:
    """A change that lost a race is a message on the page it came from, not an error page.

    Forms check their rules before they save. What the database refuses after that was caused by somebody who
    saved in between: a double click, a colleague, an import. The transaction is rolled back by then.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        state = sqlstate(exception)
        if (
            request.method != "POST"
            or not _is_page(request)
            or not (state in _CONCURRENCY or state.startswith(_INTEGRITY_VIOLATION))
        ):
            return None
        log.warning("a change lost a race and was rolled back, SQLSTATE %s", state)
        messages.error(
            request,
            _("Somebody changed the same data at the same time. Nothing was saved. Please try again."),
        )
        return HttpResponseRedirect(request.get_full_path())


class OddListMiddleware:
    """A list that is asked for what cannot be asked is shown whole, as Django does with other wrong lookups.

    Some are noticed only while the database is asked: a broken pattern, a year that there is not, a selected
    row whose id is no number; and the search knows no page but those that there are.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not _is_list(request) or not isinstance(exception, _ODD):
            return None
        if request.method != "POST" and not set(request.GET) - {ERROR_FLAG}:
            return None  # nothing was asked: it is our own fault
        log.warning("a list was asked for what cannot be asked: %s", type(exception).__name__)
        return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")


def _is_list(request: HttpRequest) -> bool:
    return _is_page(request) and str(request.resolver_match.url_name).endswith(("_changelist", "search"))  # type: ignore[union-attr]


def _is_page(request: HttpRequest) -> bool:
    """Whether a person is looking, who can be shown a message."""
    return request.resolver_match is not None and "admin" in request.resolver_match.app_names


def sqlstate(exception: Exception) -> str:
    """PostgreSQL's error code, or an empty text if the exception did not come from it."""
    if not isinstance(exception, DatabaseError):
        return ""
    return getattr(exception.__cause__, "pgcode", None) or ""
