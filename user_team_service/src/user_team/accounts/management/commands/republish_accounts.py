"""`republish_accounts`: say once more who everybody is."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

_CHUNK = 1_000
_PEOPLE = """
    SELECT array_agg(id ORDER BY id) FROM (
        SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS chunk
        FROM (SELECT id FROM users_user UNION SELECT user_id FROM accounts_account) AS everybody (id)
    ) GROUP BY chunk ORDER BY chunk
"""


class Command(BaseCommand):
    help = "Send an update event of every person to account-bus: for a new consumer, or after a restore."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Each chunk is a transaction of its own, so that nobody waits long for a lock."""
        with connection.cursor() as cursor:
            cursor.execute(_PEOPLE, [_CHUNK])
            chunks = [people for (people,) in cursor.fetchall()]
            for people in chunks:
                cursor.execute("SELECT republish_accounts(%s)", [people])
        self.stdout.write(f"{sum(map(len, chunks))} people were published.")
