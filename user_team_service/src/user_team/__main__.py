"""`python -m user_team <command>`: Django's management commands without a checkout of manage.py."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "user_team.settings")
    execute_from_command_line([sys.argv[0] or "user_team", *sys.argv[1:]])


if __name__ == "__main__":
    main()
