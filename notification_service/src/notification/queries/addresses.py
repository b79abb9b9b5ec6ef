"""Addresses whose mails came back, as people look after them; senders count them (`bounces`)."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from notification.models import BouncedAddress
from service_kit.db import ReadSession, WriteSession


async def find(
    session: ReadSession, *, suppressed: bool | None, after: str | None, limit: int
) -> Sequence[BouncedAddress]:
    """Some of them by the alphabet, from the one after `after` on.

    `suppressed`: only those that get no mail any more, or only the others; None for both.
    """
    query = select(BouncedAddress).order_by(BouncedAddress.address).limit(limit)
    if suppressed is not None:
        query = query.where(BouncedAddress.suppressed_at.is_not(None) == suppressed)
    if after is not None:
        query = query.where(BouncedAddress.address > after)
    return (await session.scalars(query)).all()


async def forget(session: WriteSession, address: str) -> bool:
    """Forget what came back from an address (in any case); returns whether there was anything."""
    known = delete(BouncedAddress).where(BouncedAddress.address == address.lower())
    return (await session.scalars(known.returning(BouncedAddress.address))).one_or_none() is not None
