"""Where everything is: the admin at /admin/, the OpenID provider, the language switch, and health."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView

from user_team import health
from user_team.identity.views import second_factor


def nowhere(_request: HttpRequest, thing: str) -> HttpResponse:
    """Where the admin would lead to a thing's page outside of it: nothing has one."""
    raise Http404(thing)


urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/second-factor/", admin.site.admin_view(second_factor.page), name="second-factor"),
    path("admin/r/<path:thing>", nowhere),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("user_team.identity.urls")),
    path("health/live", health.live),
    path("health/ready", health.ready),
]
