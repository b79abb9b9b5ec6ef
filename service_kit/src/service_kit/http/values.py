"""Kinds of values that requests of several services are made of: strict, so that none is misunderstood."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)")
# Years that every client can show in every time zone.
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9998, 12, 31, tzinfo=UTC)


def _written(value: Any) -> Any:
    """A number would be taken for seconds since 1970, and a time without a zone for anybody's."""
    if not (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        if isinstance(value, str) and _RFC_3339.fullmatch("+".join(value.rsplit(" ", 1))):
            # In a query a bare plus sign means a blank: the example below would be refused there again.
            raise ValueError("The + of a time's zone is written %2B in an address")
        raise ValueError("Not a time with its zone, such as 2026-11-21T10:00:00+03:00 (RFC 3339)")
    return value


def _to_milliseconds(value: datetime) -> datetime:
    if not _FIRST <= value <= _LAST:
        raise ValueError("Not between the years 1970 and 9998")
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_written),
    AfterValidator(_to_milliseconds),
    Field(
        description="RFC 3339 with a zone; kept in UTC, to the millisecond.",
        examples=["2026-12-01T18:00:00+03:00"],
    ),
]
