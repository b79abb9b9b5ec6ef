"""Addresses whose mails came back."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service_kit.http import NoQuery
from service_kit.http.cursor import Cursor
from service_kit.http.paging import MAX_SIZE

_EXAMPLE: dict[str, Any] = {
    "address": "ann@company.example",
    "bounces": 2,
    "suppressed_at": "2026-11-21T10:00:00.310000Z",
    "detail": "550 5.1.1 no such mailbox",
    "updated_at": "2026-11-21T10:00:00.310000Z",
}


class BouncedAddress(BaseModel):
    """An address whose mails the server refused for good, and since when it gets none."""

    model_config = ConfigDict(from_attributes=True)

    address: str = Field(description="In lower case.")
    bounces: int = Field(description="How many in a row.")
    suppressed_at: datetime | None = Field(description="Null while it still gets mails.")
    detail: str = Field(description="What the server said to the last one.")
    updated_at: datetime


class AddressPage(BaseModel):
    """A page of addresses, by the alphabet."""

    model_config = ConfigDict(json_schema_extra={"example": {"addresses": [_EXAMPLE], "next_cursor": None}})

    addresses: list[BouncedAddress]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


class AddressQuery(NoQuery):
    """Which addresses, and which part of them."""

    suppressed: bool | None = Field(None, description="Only those that get no mail, or only the others.")
    size: int = Field(50, ge=1, le=MAX_SIZE, description="Items on a page.")
    cursor: Cursor | None = None

    @property
    def filters(self) -> dict[str, object]:
        """What a cursor belongs to."""
        return self.model_dump(mode="json", exclude={"size", "cursor"})
