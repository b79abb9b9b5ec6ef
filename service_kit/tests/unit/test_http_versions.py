"""Entity tags and cursors: what clients give back, and what they make up."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any
from uuid import UUID

import httpx2
import pytest
from fastapi import Query, Response
from hypothesis import given
from hypothesis import strategies as st

from service_kit.health import Health
from service_kit.http import NoQuery, create_app
from service_kit.http.cursor import Cursor, CursorError, decode_cursor, encode_cursor
from service_kit.http.etag import IfMatch, IfNoneMatch, etag, not_modified

VERSION = 3
Shape = tuple[datetime | None, str, UUID, int]


class CursorQuery(NoQuery):
    cursor: Cursor | None = None


@pytest.fixture(scope="module")
async def client():
    app = create_app(title="Versions", version="1", health=Health())

    @app.get("/thing")
    async def read(seen: IfNoneMatch) -> Response:
        return not_modified(VERSION) if seen.matches(VERSION) else Response(headers={"ETag": etag(VERSION)})

    @app.put("/thing")
    async def write(meant: IfMatch) -> str:
        meant.check(VERSION)
        return "written"

    @app.get("/things")
    async def list_things(query: Annotated[CursorQuery, Query()]) -> list[int]:
        return list(decode_cursor(query.cursor, "all", tuple[int])) if query.cursor else []

    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://kit.example") as it:
        yield it


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (None, 200),
        ('"v3"', 200),
        ("*", 200),
        ('"v2", "v3"', 200),
        ('"v2"', 412),
        ('W/"v3"', 412),
        ('""', 412),
        ("v3", 422),
        ("", 422),
        ('"v3', 422),
        ('"v3",', 422),
        ('*, "v3"', 422),
        ('"' + "v" * 2000 + '"', 422),
    ],
)
async def test_a_change_of_another_version_is_refused(client, given, status):
    answer = await client.put("/thing", headers={} if given is None else {"If-Match": given})
    assert answer.status_code == status
    if status == 412:
        assert answer.headers["etag"] == answer.json()["etag"] == '"v3"'
        assert answer.headers["content-type"] == "application/problem+json"
    if status == 422:
        assert answer.json()["errors"][0]["pointer"] == "/header/If-Match"


async def test_two_headers_of_a_condition_are_refused(client):
    answer = await client.put("/thing", headers=[("If-Match", '"v2"'), ("If-Match", '"v3"')])
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (None, 200),
        ('"v3"', 304),
        ('W/"v3"', 304),
        ("*", 304),
        ('"v1", "v3"', 304),
        ('"v1"', 200),
        ("v3", 422),
    ],
)
async def test_what_the_client_has_is_not_sent_again(client, given, status):
    answer = await client.get("/thing", headers={} if given is None else {"If-None-Match": given})
    assert answer.status_code == status
    if status in {200, 304}:
        assert answer.headers["etag"] == '"v3"'


def test_a_version_may_be_a_digest():
    assert etag("0a1b") == not_modified("0a1b").headers["ETag"] == '"v0a1b"'


VALUES = st.tuples(
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200),
    st.uuids(),
    st.integers(-(2**63), 2**63 - 1),
)


@given(VALUES)
def test_a_cursor_gives_back_what_it_was_made_of(values):
    text = encode_cursor(values, {"sort": "-created_at"})
    assert decode_cursor(text, {"sort": "-created_at"}, Shape) == values


def test_a_cursor_serves_only_the_list_that_it_was_made_for():
    context = {"sort": "deadline", "filters": {"status": "open", "page": None}}
    text = encode_cursor((1,), context)
    assert decode_cursor(text, dict(reversed(context.items())), tuple[int]) == (1,)
    with pytest.raises(CursorError):
        decode_cursor(text, {**context, "sort": "-deadline"}, tuple[int])


def forged(values, context="all", **replaced):
    """A cursor whose values somebody has changed, which anybody can."""
    text = encode_cursor((1,), context)
    digest, _ = json.loads(base64.urlsafe_b64decode(text + "=="))
    return base64.urlsafe_b64encode(json.dumps([digest, values]).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ((2**63,), tuple[int]),
        ((-(2**63) - 1,), tuple[int]),
        ((True,), tuple[int]),
        ((None,), tuple[int]),
        ((), tuple[int]),
        ((1, 2), tuple[int]),
        (1, tuple[int]),
        (("a\0",), tuple[str]),
        (("0001-01-01T00:00:00+14:00",), tuple[datetime]),
        (("2026-01-01T00:00:00",), tuple[datetime]),
        ((1e400,), tuple[int]),
    ],
)
def test_values_that_no_row_has_are_refused(values, shape):
    with pytest.raises(CursorError):
        decode_cursor(forged(values), "all", shape)
    assert decode_cursor(forged([7]), "all", tuple[int]) == (7,)


def test_times_are_compared_by_their_moment():
    east = datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=3)))
    (moment,) = decode_cursor(encode_cursor((east,), ""), "", tuple[datetime])
    assert moment == east


@given(st.text(max_size=50) | st.binary(max_size=50).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_nothing_else_is_a_cursor(text):
    with pytest.raises(CursorError):
        decode_cursor(text, "all", tuple[Any])


@pytest.mark.parametrize("cursor", ["", "!", "YQ", "a" * 1001, "W10"])
async def test_a_wrong_cursor_is_422_at_its_place(client, cursor):
    answer = await client.get("/things", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/cursor"
    assert (await client.get("/things", params={"cursor": encode_cursor((5,), "all")})).json() == [5]
