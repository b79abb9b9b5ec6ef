"""The rights of roles that are not this service's own: the capturing connector's, and the viewer's.

They are granted after every `migrate`, not in a migration: a role made later gets its rights from the next
one.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

_OWN_PACKAGE = "user_team."
_SECRETS = frozenset({"password"})
# Nothing of these: what is not secret in them is of no use without the rest.
_SECRET_MODELS = frozenset({"identity.SigningKey", "identity.Application"})
_CAPTURE = """
    GRANT USAGE ON SCHEMA public TO {role};
    GRANT SELECT ON teams_userassignment TO {role};
    GRANT SELECT, INSERT, UPDATE ON debezium_heartbeat TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON debezium_signal TO {role};
"""
_VIEWER = "REVOKE SELECT ON {table} FROM {role}; GRANT SELECT ({columns}) ON {table} TO {role}"


def grant_capture_role(*, using: str, **_: Any) -> None:
    """Grant the role named by DEBEZIUM_DB_USER what it needs, if the role and the tables exist."""
    connection = connections[using]
    if _is_there(connection, settings.DEBEZIUM_DB_USER):
        with connection.cursor() as cursor:
            cursor.execute(_CAPTURE.format(role=connection.ops.quote_name(settings.DEBEZIUM_DB_USER)))


def grant_viewer_role(*, using: str, **_: Any) -> None:
    """Let the role named by VIEWER_DB_USER read the tables of this service's own apps, without secrets.

    What other packages keep (sessions, log-in attempts, permissions) it cannot see.
    """
    connection = connections[using]
    if _is_there(connection, settings.VIEWER_DB_USER):
        with connection.cursor() as cursor:
            cursor.execute(";".join(_viewer_grants(connection)))


def _viewer_grants(connection: BaseDatabaseWrapper) -> Iterator[str]:
    quote = connection.ops.quote_name
    role, there = quote(settings.VIEWER_DB_USER), _columns(connection)
    for model in filter(_is_shown, apps.get_models()):
        table = model._meta.db_table
        columns = [quote(name) for name in _public_columns(model) if (table, name) in there]
        if columns:
            yield _VIEWER.format(table=quote(table), columns=", ".join(columns), role=role)


def _columns(connection: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    """(table, column) of all that there is: fewer than the models say after a migration backwards."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        )
        return set(cursor.fetchall())


def _is_shown(model: type[models.Model]) -> bool:
    ours = model.__module__.startswith(_OWN_PACKAGE) and model._meta.managed
    return ours and model._meta.label not in _SECRET_MODELS


def _public_columns(model: type[models.Model]) -> list[str]:
    return [str(field.column) for field in model._meta.local_concrete_fields if field.name not in _SECRETS]


def _is_there(connection: BaseDatabaseWrapper, role: str) -> bool:
    """Whether the role exists, and the last of the tables that it is about."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)
            AND to_regclass('debezium_signal') IS NOT NULL
            """,
            [role],
        )
        return bool(cursor.fetchone()[0])
