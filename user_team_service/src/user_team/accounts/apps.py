from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "user_team.accounts"
    label = "accounts"
