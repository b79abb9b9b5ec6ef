"""`POST /api/token`: an access token for a user name and a password, for scripts and the API pages."""

from http import HTTPStatus

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters

from user_team.identity import keys, second_factor, tokens
from user_team.identity.views.problems import problem
from user_team.users.models import User

CLIENT_ID = "password"  # RFC 9068 wants one; no application of its own asks here
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_MAX_BODY = 16 * 1024
# Longest values that can be right; the record of failed sign-ins holds no longer names either.
_MAX_LENGTHS = {"username": 150, "password": 4096, "otp": 16}
_REQUIRED = {"username", "password"}
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="team-suite"'}


class _RefusedError(Exception):
    """The answer to a request that gets no token."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


@csrf_exempt
@sensitive_post_parameters("password", "otp")
def token(request: HttpRequest) -> HttpResponse:
    """A bearer token of the person, or a problem that tells nobody whether the name exists."""
    try:
        given = _form(request)
        person = _signed_in(request, given)
        access_token = tokens.sign(tokens.about_person(person), client_id=CLIENT_ID, scope="")
    except _RefusedError as refusal:
        return refusal.answer
    except keys.UnreadableKeyError:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "Tokens cannot be signed now.")
    body = {"access_token": access_token, "token_type": "bearer", "expires_in": tokens.lifetime_s()}
    return JsonResponse(body, headers={"Cache-Control": "no-store"})


def _form(request: HttpRequest) -> dict[str, str]:
    """The fields of the form, each at most once; further ones are ignored (RFC 6749, section 3.2)."""
    if request.method != "POST":
        raise _RefusedError(
            problem(HTTPStatus.METHOD_NOT_ALLOWED, "Only POST is allowed.", headers={"Allow": "POST"})
        )
    if request.content_type not in _FORMS:
        detail = f"The body must be a form: {' or '.join(_FORMS)}."
        raise _RefusedError(problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail))
    if int(request.META.get("CONTENT_LENGTH") or 0) > _MAX_BODY:
        detail = f"The body may have {_MAX_BODY} bytes at most."
        raise _RefusedError(problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail))
    try:
        fields = request.POST
    except (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError):
        raise _RefusedError(problem(HTTPStatus.BAD_REQUEST, "The body is no readable form.")) from None
    return _checked(fields)


def _checked(fields: QueryDict) -> dict[str, str]:
    errors = [
        {"pointer": f"/body/{name}", "detail": detail}
        for name, longest in _MAX_LENGTHS.items()
        if (detail := _wrong(name, fields.getlist(name), longest))
    ]
    if errors:
        detail = "The request has invalid values."
        raise _RefusedError(problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors))
    return {name: fields.get(name, "") for name in _MAX_LENGTHS}


def _wrong(name: str, values: list[str], longest: int) -> str | None:
    if len(values) > 1:
        return "Given more than once."
    value = values[0] if values else ""
    if not value and name in _REQUIRED:
        return "Missing."
    if "\x00" in value:
        return "Has a NUL character."
    return f"Longer than {longest} characters." if len(value) > longest else None


def _signed_in(request: HttpRequest, given: dict[str, str]) -> User:
    """Whose name, password and, if they have set it up, one-time code these are.

    An unknown name and an inactive person cost as much time as a wrong password, and get the same answer.
    """
    person = authenticate(request, username=given["username"], password=given["password"])
    if getattr(request, "axes_locked_out", False):
        setattr(request, "axes_locked_out", False)  # noqa: B010 - axes' own; it would answer with a page
        raise _RefusedError(_locked_out())
    if not isinstance(person, User):
        raise _RefusedError(_unauthorized("The user name or the password is wrong."))
    if second_factor.has_one(person) and not second_factor.accepts(person, given["otp"]):
        detail = "A one-time code is needed, in the field otp: the password alone is not enough."
        raise _RefusedError(_unauthorized(detail, otp_required=True))
    AxesProxyHandler.user_logged_in(User, request, person)  # earlier failures are forgotten
    return person


def _unauthorized(detail: str, **members: bool) -> HttpResponse:
    return problem(HTTPStatus.UNAUTHORIZED, detail, headers=_CHALLENGE, **members)


def _locked_out() -> HttpResponse:
    """Every attempt during a lock-out begins it anew, so all of it is still to be waited for."""
    seconds = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    detail = "Too many failed sign-ins under this name: it is locked for a while."
    return problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": seconds})
