"""The rights of the role that the capturing connector signs in with."""

from typing import Any

from django.conf import settings
from django.db import connections

_GRANTS = """
    GRANT USAGE ON SCHEMA public TO {role};
    GRANT SELECT ON teams_userassignment TO {role};
    GRANT SELECT, INSERT, UPDATE ON debezium_heartbeat TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON debezium_signal TO {role};
"""


def grant_capture_role(*, using: str, **_: Any) -> None:
    """Grant the role named by DEBEZIUM_DB_USER what it needs, if the role and the tables exist.

    Runs after every `migrate`, not in a migration: a role made later gets its rights from the next one.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)
            AND to_regclass('debezium_signal') IS NOT NULL
            """,
            [settings.DEBEZIUM_DB_USER],
        )
        if cursor.fetchone()[0]:
            cursor.execute(_GRANTS.format(role=connection.ops.quote_name(settings.DEBEZIUM_DB_USER)))
