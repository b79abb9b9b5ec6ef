"""`ensure_superuser`: the first administrator, from the environment."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from user_team import environment
from user_team.users.models import Role, User


class Command(BaseCommand):
    help = (
        "Create the administrator named by DJANGO_SUPERUSER_USERNAME, _PASSWORD and _EMAIL unless it exists."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Create, or leave alone: an existing person keeps the password and the rights they have."""
        username = environment.text("DJANGO_SUPERUSER_USERNAME", "admin")
        person = User.objects.filter(username=username).first()
        if person is None:
            self._create(username)
        elif person.is_superuser:
            self.stdout.write(f"{username} exists already.")
        else:
            raise CommandError(
                f"{username} exists, but is no superuser. Choose another DJANGO_SUPERUSER_USERNAME."
            )

    def _create(self, username: str) -> None:
        password = environment.text("DJANGO_SUPERUSER_PASSWORD")
        if not password:
            raise CommandError("DJANGO_SUPERUSER_PASSWORD is not set.")
        email = environment.text("DJANGO_SUPERUSER_EMAIL", "admin@team-suite.example")
        User.objects.create_superuser(username, email, password, role=Role.ADMIN)
        self.stdout.write(f"{username} created.")
