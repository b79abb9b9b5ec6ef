"""Addresses whose mails come back: counted when attempts end; `due` looks before the next mail goes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from service_kit.db import WriteSession

# Mails in a row. One may be somebody's slip at the other end.
ENOUGH = 2

# Only of attempts that have no end yet: writing ends may be repeated.
_COUNT = text("""
    INSERT INTO bounced_address AS b (address, bounces, suppressed_at, detail, updated_at)
    SELECT lower(u.address), count(*), CASE WHEN count(*) >= :enough THEN CAST(:now AS timestamptz) END,
        max(u.detail), CAST(:now AS timestamptz)
    FROM unnest(
        CAST(:ids AS uuid[]), CAST(:numbers AS bigint[]), CAST(:addresses AS text[]),
        CAST(:details AS text[]))
        AS u(id, number, address, detail)
    JOIN attempt a ON a.notification_id = u.id AND a.number = u.number AND a.finished_at IS NULL
    GROUP BY lower(u.address) ORDER BY lower(u.address)
    ON CONFLICT (address) DO UPDATE
    SET bounces = b.bounces + excluded.bounces, detail = excluded.detail, updated_at = excluded.updated_at,
        suppressed_at = coalesce(
            b.suppressed_at, CASE WHEN b.bounces + excluded.bounces >= :enough THEN excluded.updated_at END)
""")


async def count(session: WriteSession, bounces: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Count hard bounces; each has id, number (of the attempt), address and detail (the server's words).

    At `ENOUGH` the address is suppressed. It must come before the attempts' ends are written.
    """
    if bounces:
        names = {"id": "ids", "number": "numbers", "address": "addresses", "detail": "details"}
        columns = {column: [bounce[name] for bounce in bounces] for name, column in names.items()}
        await session.execute(_COUNT, {**columns, "enough": ENOUGH, "now": now})
