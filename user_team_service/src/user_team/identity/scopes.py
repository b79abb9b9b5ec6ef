"""What applications may ask about people; a service's own token is about nobody."""

from typing import Any

from oauth2_provider.scopes import SettingsScopes

from user_team.identity.models import Application


class Scopes(SettingsScopes):
    """The scopes of the settings for those that people sign in to, none for services."""

    def get_available_scopes(
        self, application: Application | None = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        if application and application.allows_grant_type(Application.GRANT_CLIENT_CREDENTIALS):
            return []
        return super().get_available_scopes(application, request, *args, **kwargs)

    def get_default_scopes(
        self, application: Application | None = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return self.get_available_scopes(application, *args, **kwargs)
