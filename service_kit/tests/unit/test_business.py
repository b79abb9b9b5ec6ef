"""Business events: what is read, what is for others, and what can never be read."""

import json
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
import pytest

from service_kit.business import business_event_decoder
from service_kit.messages import Message, Unprocessable


class Baked(msgspec.Struct):
    loaves: int
    baker: Annotated[str, msgspec.Meta(max_length=20)]


decode = business_event_decoder({"bread.baked.v1": Baked})
VALUE = {
    "uid": str(UUID(int=7)),
    "version": 1,
    "type": "create",
    "created_at": "2026-11-21T10:00:00.123Z",
    "data": {"loaves": 3, "baker": "Ann", "oven": "unknown members are ignored"},
}


def message(value=VALUE, *, type_=b"bread.baked.v1", key=b"1"):
    raw = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
    return Message("bread-bus", 2, 5, key, raw, () if type_ is None else (("type", type_),))


def test_an_event_is_read_with_where_it_was():
    event = decode(message())
    assert (event.uid, event.type, event.data) == (UUID(int=7), "bread.baked.v1", Baked(3, "Ann"))
    assert event.created_at == datetime(2026, 11, 21, 10, 0, 0, 123_000, UTC)
    assert (event.message.partition, event.message.offset) == (2, 5)


@pytest.mark.parametrize("type_", [b"bread.eaten.v1", b"bread.baked.v2", b"", b"\xff"])
@pytest.mark.parametrize("value", [VALUE, b"{", None], ids=["good", "bad", "none"])
def test_an_event_of_another_type_is_for_others_whatever_it_holds(type_, value):
    assert decode(message(value, type_=type_)) is None


def test_a_tombstone_says_nothing():
    assert decode(message(None)) is None


def test_an_event_without_a_type_or_a_key_cannot_be_read():
    with pytest.raises(Unprocessable, match="no header `type`"):
        decode(message(type_=None))
    with pytest.raises(Unprocessable, match="no key"):
        decode(message(key=None))


BAD = {
    "half an object": b'{"uid": ',
    "no JSON": b"\xff\xfe",
    "a list": b"[]",
    "ten thousand deep": b'{"x": ' + b"[" * 10_000,
    "five megabytes": b"x" * 5_000_000,
    "no data": {key: value for key, value in VALUE.items() if key != "data"},
    "no event's id": VALUE | {"uid": "seven"},
    "another form": VALUE | {"version": 2},
    "a time without a zone": VALUE | {"created_at": "2026-11-21T10:00:00"},
    "a wrong type": VALUE | {"data": {"loaves": "three", "baker": "Ann"}},
    "a member too few": VALUE | {"data": {"loaves": 3}},
    "a text longer than allowed": VALUE | {"data": {"loaves": 3, "baker": "A" * 21}},
}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
def test_what_is_no_such_event_says_why(value):
    with pytest.raises(Unprocessable, match=r"not a bread\.baked\.v1: .+"):
        decode(message(value))
