"""The kinds of values that requests are made of: strict, so that nothing is stored that was not meant."""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, PlainValidator, WithJsonSchema

from task_meeting.schemas.base import Schema

# One line, without outer blanks and control characters: what looks the same is the same.
_ONE_LINE = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
NO_NUL = r"^[^\x00]*$"
_WHEN = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_FRACTION = re.compile(r"\.\d+")
_FIRST_MEETING = 2000
_LAST_MEETING = 2100


class Strict(Schema):
    """A request's body: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid")


def each_once(what: str) -> Callable[[list[str]], list[str]]:
    """A validator of a list in which nothing may stand twice; `what` is in it, for the message.

    It follows the list's `Field`: a length that is checked after a validator is checked after all items too.
    """

    def check(words: list[str]) -> list[str]:
        if len(set(words)) < len(words):
            raise ValueError(f"Each {what} may be named once")
        return words

    return check


def _one_line(value: str) -> str:
    if not re.fullmatch(_ONE_LINE, value):
        raise ValueError("Not one line without blanks around it and control characters")
    return value


# Not as a pattern of the field, which would be all that the error says.
LINE_SCHEMA: dict[str, JsonValue] = {"pattern": _ONE_LINE}
ONE_LINE = AfterValidator(_one_line)


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_time_zone(name: str) -> bool:
    """Whether the IANA database has it."""
    return name in _time_zones()


def _known_zone(name: str) -> str:
    if not is_time_zone(name):
        raise ValueError("Not a time zone of the IANA database")
    return name


TimeZone = Annotated[
    str,
    AfterValidator(_known_zone),
    Field(max_length=64, description="A name of the IANA time zone database.", examples=["Europe/Moscow"]),
]


def _when(value: Any) -> date | datetime:
    """To the second, as calendars have it (RFC 5545, 3.3.5)."""
    if not (isinstance(value, str) and _WHEN.fullmatch(value)):
        raise ValueError("No date, local time or time with an offset, such as 2026-11-23T10:00:00")
    text = _FRACTION.sub("", value)
    try:
        it = datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        raise ValueError("There is no such date or time") from None
    if not _FIRST_MEETING <= it.year <= _LAST_MEETING:
        raise ValueError(f"Not between the years {_FIRST_MEETING} and {_LAST_MEETING}")
    return it


When = Annotated[
    date | datetime,
    PlainValidator(_when),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$",
            "description": "A date, of a whole day; a local time in `time_zone`; RFC 3339 with an offset.",
            "examples": ["2026-11-23T10:00:00"],
        }
    ),
]
