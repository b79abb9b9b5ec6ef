from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "user_team.users"
    label = "users"
    verbose_name = _("Organizations and people")

    def ready(self) -> None:
        from user_team.users import signals

        signals.connect()
