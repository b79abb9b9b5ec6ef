"""One effect for one Idempotency-Key, over HTTP and a real PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import httpx2
import pytest
from fastapi import Depends, Response
from pydantic import BaseModel
from sqlalchemy import Column, Integer, Table, text

from service_kit.auth import Caller, require
from service_kit.db import WriteSession, metadata
from service_kit.health import Health
from service_kit.http import Problem, create_app
from service_kit.http.idempotency import Answer, Once, define, forget_old
from service_kit.testing import Identity

METADATA = metadata()
define(METADATA)
Table("thing", METADATA, Column("id", Integer, primary_key=True), Column("size", Integer))


class Thing(BaseModel):
    size: int


class Made(BaseModel):
    id: int


@pytest.fixture(scope="module")
async def template(template_of):
    async with template_of("idempotency", METADATA) as it:
        yield it


@pytest.fixture(scope="module")
def identity():
    return Identity()


@pytest.fixture
def gate():
    """While it is closed, requests wait in the middle of their work."""
    it = asyncio.Event()
    it.set()
    return it


@pytest.fixture
def reached():
    """Set when a request is in the middle of its work."""
    return asyncio.Event()


@pytest.fixture
async def client(database, identity, gate, reached):
    app = create_app(title="Things", version="1", health=Health())
    app.state.authenticator = identity.authenticator()

    async def writing():
        async with database.transaction() as session:
            yield session

    @app.post("/things")
    async def make(
        session: Annotated[WriteSession, Depends(writing, scope="function")],
        caller: Annotated[Caller, Depends(require())],
        once: Once,
        thing: Thing,
    ) -> Response:
        async def work():
            made = await session.scalar(
                text("INSERT INTO thing (size) VALUES (:size) RETURNING id"), {"size": thing.size}
            )
            reached.set()
            await gate.wait()
            if thing.size > 9:
                raise Problem(409, "Too large today.")
            return Answer(201, Made(id=made), {"Location": f"/things/{made}", "ETag": '"v1"'})

        return await once.run(session, caller.oid, work)

    @app.post("/files")
    async def keep(
        session: Annotated[WriteSession, Depends(writing, scope="function")],
        caller: Annotated[Caller, Depends(require())],
        once: Once,
    ) -> Response:
        async def work():
            return Answer(201, Made(id=1))

        return await once.run(session, caller.oid, work)

    transport = httpx2.ASGITransport(app=app)
    headers = identity.headers(UUID(int=1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://kit.example", headers=headers) as it:
        yield it


@pytest.fixture
def count(database):
    async def count():
        async with database.read() as session:
            return await session.scalar(text("SELECT count(*) FROM thing"))

    return count


async def make(client, key, size=1, **more):
    return await client.post("/things", headers={"Idempotency-Key": key, **more}, json={"size": size})


async def test_a_repeated_request_has_one_effect_and_the_same_answer(client, count):
    first, again = await make(client, "a"), await make(client, "a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again.headers["location"]) == (first.content, first.headers["location"])
    assert (again.headers["etag"], again.headers["content-type"]) == ('"v1"', "application/json")
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    reordered = await client.post(
        "/things",
        headers={"Idempotency-Key": "a", "Content-Type": "application/json"},
        content=b' {"size" : 1}',
    )
    assert reordered.content == first.content
    assert await count() == 1


async def test_without_a_key_each_request_has_its_effect(client, count):
    for _ in range(2):
        assert (await client.post("/things", json={"size": 1})).status_code == 201
    assert await count() == 2


async def test_parallel_requests_have_one_effect(client, count):
    answers = await asyncio.gather(*(make(client, "b") for _ in range(20)))
    codes = {answer.status_code for answer in answers}
    assert 201 in codes
    assert codes <= {201, 409}
    assert await count() == 1


async def test_while_the_first_is_under_way_the_second_is_told_to_wait(client, gate, reached, count):
    gate.clear()
    first = asyncio.create_task(make(client, "c"))
    await asyncio.wait_for(reached.wait(), 30)
    busy = await make(client, "c")
    assert (busy.status_code, busy.headers["retry-after"]) == (409, "1")
    assert busy.headers["content-type"] == "application/problem+json"
    other = asyncio.create_task(make(client, "d"))
    assert not (await asyncio.wait([other], timeout=0.1))[0], "another key has nothing to wait for"
    gate.set()
    assert [(await first).status_code, (await other).status_code] == [201, 201]
    assert (await make(client, "c")).content == (await first).content
    assert await count() == 2


async def test_the_key_of_another_request_is_refused(client, count):
    await make(client, "e", size=1)
    assert (await make(client, "e", size=2)).status_code == 422
    with_query = await client.post("/things?x=1", headers={"Idempotency-Key": "e"}, json={"size": 1})
    assert with_query.status_code == 422
    assert await count() == 1


@pytest.mark.parametrize("body", ['"Имя";1'.encode("cp1251"), b'"\xed\xa0\x80"', b"[" * 100_000, b"", b"{"])
async def test_a_body_that_is_no_json_is_compared_as_it_is(client, body):
    for content, status in ((body, 201), (body, 201), (body + b" ", 422)):
        headers = {"Idempotency-Key": "file", "Content-Type": "text/csv"}
        answer = await client.post("/files", content=content, headers=headers)
        assert answer.status_code == status


async def test_a_key_belongs_to_its_caller(client, identity, count):
    other = identity.headers(UUID(int=2))
    assert (await make(client, "f")).json() != (await make(client, "f", **other)).json()
    assert await count() == 2


async def test_what_failed_may_be_tried_again(client, count):
    assert [(await make(client, "g", size=10)).status_code for _ in range(2)] == [409, 409]
    assert (await make(client, "g", size=1)).status_code == 201
    assert await count() == 1


@pytest.mark.parametrize("key", ["", "a b", "a" * 201, "\t", b"\xc3\xa9"])
async def test_a_malformed_key_is_422(client, key):
    answer = await make(client, key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"


async def test_two_keys_are_422(client):
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert (await client.post("/things", headers=headers, json={"size": 1})).status_code == 422


async def test_old_answers_are_forgotten(client, database, count):
    await make(client, "h")
    for age, expected in ((timedelta(hours=24), 0), (timedelta(0), 1)):
        async with database.transaction() as session:
            assert await forget_old(session, datetime.now(UTC) - age) == expected
    assert (await make(client, "h", size=2)).status_code == 201
    assert await count() == 2
