from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IdentityConfig(AppConfig):
    """Who people are to the rest of the suite: access tokens, their keys, applications, roles."""

    name = "user_team.identity"
    label = "identity"
    verbose_name = _("Signing in")
