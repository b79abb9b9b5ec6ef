"""Who somebody is at present, for mails to them: their account, or else their newest assignment."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text

from service_kit.db import ReadSession

_PERSON = """
    SELECT known.oid, known.name, known.email, coalesce(chosen.locale, known.locale) AS locale,
        coalesce(chosen.time_zone, known.time_zone) AS time_zone
    FROM ({known}) known LEFT JOIN preference chosen ON chosen.user_oid = known.oid
"""
_BY_OID = text(
    _PERSON.format(
        known="""
    SELECT oid, name, email, locale, time_zone FROM person WHERE oid = :oid AND NOT deleted
    UNION ALL (
        SELECT user_oid, user_name, user_email, user_locale, user_time_zone FROM assignment
        WHERE user_oid = :oid AND NOT EXISTS (SELECT FROM person WHERE oid = :oid)
        ORDER BY epoch DESC, lsn DESC LIMIT 1)
"""
    )
)
# Of several with one address, which the directory allows nobody, always the same.
_BY_EMAIL = text(
    _PERSON.format(
        known="""
    SELECT oid, name, email, locale, time_zone FROM person
    WHERE lower(email) = ANY(CAST(:spellings AS text[])) AND NOT deleted ORDER BY oid LIMIT 1
"""
    )
)


async def by_oid(session: ReadSession, oid: UUID) -> RowMapping | None:
    """The oid, name, email, locale and time_zone of somebody, or None when nobody has that oid."""
    return await _one(session, _BY_OID, oid=oid)


async def by_email(session: ReadSession, spellings: Collection[str]) -> RowMapping | None:
    """The same of whoever has an address, given in all its spellings in lower case."""
    return await _one(session, _BY_EMAIL, spellings=list(spellings))


async def _one(session: ReadSession, query: Any, **parameters: object) -> RowMapping | None:
    return (await session.execute(query, parameters)).mappings().one_or_none()
