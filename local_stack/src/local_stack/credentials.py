"""Passwords: made up once per stack, kept in a file that only its owner may read."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

NAMES = (
    "POSTGRES_PASSWORD",
    "USER_TEAM_DB_PASSWORD",
    "TASK_MEETING_DB_PASSWORD",
    "NOTIFICATION_DB_PASSWORD",
    "DEBEZIUM_DB_PASSWORD",
    "VIEWER_DB_PASSWORD",
    "USER_TEAM_SECRET_KEY",
    "NOTIFICATION_UNSUBSCRIBE_SECRETS",
    "DJANGO_SUPERUSER_PASSWORD",
)


def load_or_create(file: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Every password of the stack, by its variable.

    A variable that is set wins over the file; what neither has is generated and added to the file.
    """
    kept = {name: value for name, value in dotenv_values(file).items() if value}
    generated = {
        name: secrets.token_urlsafe(24) for name in NAMES if name not in kept and not environ.get(name)
    }
    if generated:
        _append(file, generated)
    known = kept | generated
    return {name: environ.get(name) or known[name] for name in NAMES}


def _append(file: Path, values: Mapping[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.writelines(f"{name}={value}\n" for name, value in values.items())
