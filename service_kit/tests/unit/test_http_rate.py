"""Too many requests: who they are counted for, and that counting takes bounded memory."""

import tracemalloc
from uuid import UUID

import httpx2
import pytest
from fastapi import Depends
from pydantic import ValidationError

from service_kit.auth import require
from service_kit.health import Health
from service_kit.http import HttpSettings, Problem, create_app
from service_kit.http.rate import RateLimit, SenderStorage
from service_kit.testing import Identity, ManualClock

ANN, BOB = UUID(int=1), UUID(int=2)
ALLOWED = 3


@pytest.fixture(scope="module")
def identity():
    return Identity()


@pytest.fixture
def app(identity):
    app = create_app(title="Limited", version="1", health=Health(), rate_limit=f"{ALLOWED}/minute")
    app.state.authenticator = identity.authenticator()

    @app.get("/me", dependencies=[Depends(require())])
    async def me() -> str:
        return "me"

    return app


@pytest.fixture
def ask(app):
    async def ask(times=1, *, headers=None, address="10.0.0.1", path="/me", app=app):
        transport = httpx2.ASGITransport(app=app, client=(address, 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://kit.example") as client:
            return [await client.get(path, headers=headers) for _ in range(times)]

    return ask


def statuses(answers):
    return [answer.status_code for answer in answers]


async def test_beyond_the_limit_a_caller_is_told_when_to_come_again(ask, identity):
    answers = await ask(ALLOWED + 2, headers=identity.headers(ANN))
    assert statuses(answers) == [200] * ALLOWED + [429] * 2
    refused = answers[-1]
    assert refused.headers["content-type"] == "application/problem+json"
    assert 50 < int(refused.headers["retry-after"]) <= 60
    assert refused.headers["x-content-type-options"] == "nosniff"


async def test_a_caller_is_counted_wherever_they_come_from_and_others_are_not_disturbed(ask, identity):
    for number in range(ALLOWED):
        assert statuses(await ask(headers=identity.headers(ANN), address=f"10.0.1.{number}")) == [200]
    assert statuses(await ask(headers=identity.headers(ANN), address="10.0.1.9")) == [429]
    assert statuses(await ask(ALLOWED, headers=identity.headers(BOB))) == [200] * ALLOWED


async def test_made_up_tokens_are_counted_for_their_address(ask, identity):
    stranger = Identity()
    tries = [identity.headers(ANN, exp=1), {"Authorization": "Bearer x"}, stranger.headers(ANN)]
    answers = [answer for headers in tries for answer in await ask(headers=headers)]
    assert statuses(answers) == [401] * ALLOWED
    for headers in (stranger.headers(BOB), None, {"X-Forwarded-For": "10.9.9.9"}):
        assert statuses(await ask(headers=headers)) == [429]
    assert statuses(await ask(headers=identity.headers(ANN))) == [200]
    assert statuses(await ask(address="10.0.0.2")) == [401]


async def test_paths_that_nobody_serves_are_counted_too(ask):
    assert statuses(await ask(ALLOWED + 1, path="/nowhere")) == [404] * ALLOWED + [429]


async def test_probes_and_scrapers_are_never_refused(ask):
    for path in ("/health/live", "/health/ready", "/metrics", "/docs", "/openapi.json"):
        assert statuses(await ask(ALLOWED + 1, path=path)) == [200] * (ALLOWED + 1)


async def test_the_next_window_is_open(ask):
    async def inner(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    clock = ManualClock()
    limited = RateLimit(inner, limit="2/second", clock=clock)

    async def answers(times):
        for _ in range(times):
            try:
                yield statuses(await ask(app=limited))[0]
            except Problem as error:
                yield (error.status_code, error.headers["Retry-After"])

    async def given(times):
        return [answer async for answer in answers(times)]

    assert await given(3) == [204, 204, (429, "1")]
    await clock.advance(0.9)
    assert await given(1) == [(429, "1")]
    await clock.advance(0.1)
    assert await given(3) == [204, 204, (429, "1")]


async def test_memory_is_bounded_however_many_come():
    clock = ManualClock()
    storage = SenderStorage(clock, max_senders=1_000)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(20_000):
        storage.incr(f"address {number}", 60)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(storage) == 1_000
    assert after - before < 1_000_000
    assert (storage.get("address 19999"), storage.get("address 0")) == (1, 0)
    await clock.advance(60)
    storage.incr("address 0", 60)
    assert len(storage) == 1


def test_the_limit_is_a_setting(monkeypatch):
    assert HttpSettings().api_rate_limit == "100/second"
    monkeypatch.setenv("API_RATE_LIMIT", "5000/minute")
    assert HttpSettings().api_rate_limit == "5000/minute"
    for wrong in ("", "fast", "-1/second", "1/fortnight"):
        monkeypatch.setenv("API_RATE_LIMIT", wrong)
        with pytest.raises(ValidationError, match="API_RATE_LIMIT"):
            HttpSettings()
