"""The endpoints of the OpenID provider: the library's, in our look, and no 500 for odd input."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.core.exceptions import ObjectDoesNotExist
from django.db import DataError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.generic.base import TemplateResponseMixin
from oauth2_provider import views as library

from user_team.identity.models import Application
from user_team.middleware import let_forms_lead_to
from user_team.users.forms import PersonSignInForm

_DEVICE_FLOW = "urn:ietf:params:oauth:grant-type:device_code"
# They have no form with a token of its own. The library says so too, but Django asks a view's outermost
# `dispatch`, which is that of `_CarefulMixin`.
for_programs = method_decorator(csrf_exempt, name="dispatch")


class _CarefulMixin:
    """NUL characters, long values, unknown applications, broken encodings leave the library as these.

    Nothing is done by halves.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            with transaction.atomic():
                return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        except (ValueError, ObjectDoesNotExist, DataError):
            return _refusal("invalid_request")


@for_programs
class TokenView(_CarefulMixin, library.TokenView):
    """Codes, refresh tokens and clients' secrets for tokens."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("grant_type") == _DEVICE_FLOW:
            return _refusal("unsupported_grant_type")
        return super().post(request, *args, **kwargs)


@for_programs
class RevokeTokenView(_CarefulMixin, library.RevokeTokenView):
    pass


@for_programs
class IntrospectTokenView(_CarefulMixin, library.IntrospectTokenView):
    """For applications with a secret; a token in an address would end in logs, so only by POST (RFC 7662)."""

    http_method_names = ["post", "options"]


@for_programs
class UserInfoView(_CarefulMixin, library.UserInfoView):
    pass


class _PageMixin(_CarefulMixin, TemplateResponseMixin):
    """A page in the admin's look, whose form may lead to the application that it is about."""

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        around = {**admin.site.each_context(self.request), "title": _("Sign in")}
        return super().render_to_response({**around, **context}, **kwargs)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().dispatch(request, *args, **kwargs)
        let_forms_lead_to(response, _origins(self.client_id()))
        return response

    def client_id(self) -> str:
        return self.request.GET.get("client_id", "")


class AuthorizationView(_PageMixin, library.AuthorizationView):
    template_name = "identity/authorize.html"


class LogoutView(_PageMixin, library.RPInitiatedLogoutView):
    template_name = "identity/logout.html"


class SignInView(_PageMixin, LoginView):
    """The admin's sign-in, for everybody who has a password."""

    template_name = "admin/login.html"
    authentication_form = PersonSignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(app_path=self.request.get_full_path(), **kwargs)

    def client_id(self) -> str:
        _path, _mark, query = self.get_redirect_url().partition("?")
        return QueryDict(query).get("client_id", "")


def _origins(client_id: str) -> Iterable[str]:
    """Scheme, host and port of all places that an application's people are sent back to."""
    if "\x00" in client_id:
        return
    for application in Application.objects.filter(client_id=client_id):
        for uri in f"{application.redirect_uris} {application.post_logout_redirect_uris}".split():
            yield "/".join(uri.split("/", 3)[:3])


def _refusal(error: str) -> HttpResponse:
    return JsonResponse({"error": error}, status=400, headers={"Cache-Control": "no-store"})
