"""Addresses whose mails came back."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from notification.api.dependencies import Manages, NoParameters, Session, Writing
from notification.schemas.addresses import AddressPage, AddressQuery
from notification.service import addresses

# What follows it is personal.
ADDRESSES = "/addresses/"

router = APIRouter(prefix="/addresses", tags=["addresses"])
Address = Annotated[
    str,
    Path(
        min_length=1,
        max_length=320,
        description="In any case, percent-encoded.",
        examples=["ann@company.example"],
    ),
]


@router.get("", summary="Find addresses whose mails came back")
async def list_addresses(
    session: Session, _caller: Manages, query: Annotated[AddressQuery, Query()]
) -> AddressPage:
    """By the alphabet. Nothing is sent to those that are suppressed, until somebody lifts that."""
    return await addresses.find(session, query)


@router.delete("/{address}", summary="Let an address get mails again", status_code=HTTPStatus.NO_CONTENT)
async def lift_address(session: Writing, caller: Manages, address: Address, _query: NoParameters) -> None:
    """Forget what came back. Mails that were suppressed meanwhile do not go by themselves: resend them."""
    await addresses.lift(session, caller, address)
