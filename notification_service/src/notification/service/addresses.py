"""Use case: people look after the addresses whose mails came back."""

import structlog

from notification.queries import addresses
from notification.schemas.addresses import AddressPage, AddressQuery, BouncedAddress
from service_kit.auth import Caller
from service_kit.db import ReadSession, WriteSession
from service_kit.http import NotFound
from service_kit.http.cursor import decode_cursor, encode_cursor

log = structlog.get_logger(__name__)


async def find(session: ReadSession, query: AddressQuery) -> AddressPage:
    """A page of them. Raises `CursorError`."""
    after = None
    if query.cursor is not None:
        (after,) = decode_cursor(query.cursor, query.filters, tuple[str])
    found = await addresses.find(session, suppressed=query.suppressed, after=after, limit=query.size + 1)
    shown, more = found[: query.size], len(found) > query.size
    return AddressPage(
        addresses=[BouncedAddress.model_validate(address) for address in shown],
        next_cursor=encode_cursor((shown[-1].address,), query.filters) if more else None,
    )


async def lift(session: WriteSession, caller: Caller, address: str) -> None:
    """Let an address get mails again; those that it did not get do not go by themselves.

    Raises `NotFound` when nothing came back from it.
    """
    if not await addresses.forget(session, address):
        raise NotFound("address")
    log.info("address_lifted", by=str(caller.oid))
