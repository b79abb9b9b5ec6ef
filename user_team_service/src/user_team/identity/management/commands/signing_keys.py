"""`signing_keys list|rotate|withdraw`: the keys that tokens are signed with."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from user_team.identity import keys
from user_team.identity.models import SigningKey


class Command(BaseCommand):
    help = "List, replace or withdraw the keys that tokens are signed with (docs/runbooks/signing-keys.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("list", help="Every key: its name, since when, until when it is published.")
        what.add_parser(
            "rotate", help="A new key signs from now on; the old one stays while its tokens live."
        )
        withdraw = what.add_parser("withdraw", help="A key has leaked: none of its tokens is good any more.")
        withdraw.add_argument("kid", help="The key's name, as `list` shows it.")

    def handle(self, *_args: Any, what: str, kid: str = "", **_options: Any) -> None:
        if what == "rotate":
            self.stdout.write(f"{keys.rotate()} signs from now on.")
        elif what == "withdraw":
            self._withdraw(kid)
        for key in SigningKey.objects.order_by("-created_at"):
            self.stdout.write(f"{key}  since {key.created_at:%Y-%m-%d %H:%M:%S}  {_state(key)}")

    def _withdraw(self, kid: str) -> None:
        try:
            now = keys.withdraw(kid)
        except keys.UnknownKeyError:
            raise CommandError(f"No published key is called {kid}.") from None
        self.stdout.write(f"{kid} is withdrawn; {now} signs.")


def _state(key: SigningKey) -> str:
    if key.withdrawn_at:
        return f"withdrawn {key.withdrawn_at:%Y-%m-%d %H:%M:%S}"
    return f"published until {key.retires_at:%Y-%m-%d %H:%M:%S}" if key.retires_at else "signs"
