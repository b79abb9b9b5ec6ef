"""Cursors: where a list goes on, in a text that clients give back as they got it.

A cursor holds the sort values of the last row that was shown, so that rows that come and go meanwhile move
nothing. It is not secret and not signed: it says only where to begin, and never what one may see.
"""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from pydantic import Field

from service_kit.http.problem import InvalidValueError

MAX_CURSOR = 1_000
_INTEGERS = range(-(2**63), 2**63)
_T = TypeVar("_T")

Cursor = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_CURSOR,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="`next_cursor` of the page before, with the same filters and sorting.",
    ),
]


class CursorError(InvalidValueError):
    """The cursor is none of ours, or was made for another list."""

    def __init__(self) -> None:
        super().__init__(("query", "cursor"), "No cursor of this list")


def encode_cursor(values: Any, context: Any) -> str:
    """The cursor after a row.

    Args:
        values: its sort values, a tuple of text, integers, times with a zone, UUIDs and None.
        context: the sorting and all filters, whatever JSON can say: the cursor serves no other list.
    """
    raw = msgspec.json.encode((_digest(context), values))
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(text: str, context: Any, shape: type[_T]) -> _T:
    """The sort values in a cursor.

    Args:
        text: what the client gave.
        context: as it was for `encode_cursor`.
        shape: the tuple's type, e.g. `tuple[datetime | None, int]`.

    Raises:
        CursorError: anything is wrong with it (422 at /query/cursor).
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        digest, values = msgspec.json.decode(raw, type=tuple[str, shape])  # type: ignore[valid-type]
    except (ValueError, RecursionError):
        raise CursorError from None
    if digest != _digest(context) or not all(map(_storable, values)):
        raise CursorError
    decoded: _T = values
    return decoded


def _digest(context: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(context, order="sorted")).hexdigest()[:16]


def _storable(value: Any) -> bool:
    """Whether the database can be asked about it."""
    match value:
        case datetime():
            return value.tzinfo is not None and _fits(value)
        case int():
            return value in _INTEGERS
        case str():
            return "\0" not in value
    return True


def _fits(moment: datetime) -> bool:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True
