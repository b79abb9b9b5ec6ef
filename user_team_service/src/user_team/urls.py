"""Where everything is: the admin at /admin/, the OpenID provider, the language switch, and health."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from user_team import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("user_team.identity.urls")),
    path("health/live", health.live),
    path("health/ready", health.ready),
]
