"""The issuer's keys over real HTTP: rotated, withdrawn, away, slow, and what is no key set at all."""

import asyncio
import gzip
import json
from contextlib import asynccontextmanager

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import Depends
from jwt.algorithms import RSAAlgorithm
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from service_kit.auth import KeySet, TokenAuthenticator, jwk, require
from service_kit.auth.jwk import MAX_BYTES, MAX_KEYS, public_keys
from service_kit.auth.jwks import ASK_AGAIN_S, COLD_ASK_AGAIN_S, REFRESH_S, STALE_S, KeysAwayError
from service_kit.health import Health, NotReadyError
from service_kit.http import create_app
from service_kit.testing import Identity, ManualClock

OLD, NEW, STRANGER = Identity(), Identity(), Identity()


def key_set(*identities):
    return {"keys": [key for identity in identities for key in identity.jwks["keys"]]}


class Issuer:
    """A key server that answers what it is told to: an ASGI application."""

    def __init__(self):
        self.asked = 0
        self.gate = asyncio.Event()
        self.shows(OLD)

    def shows(self, *identities):
        self.answers(json.dumps(key_set(*identities)).encode())

    def answers(self, body, status=200, headers=()):
        self.gate.set()
        self.body, self.status, self.headers = body, status, list(headers)
        self.trickling = False

    def hangs(self):
        self.gate.clear()

    async def __call__(self, scope, _receive, send):
        self.asked += 1
        await self.gate.wait()
        evil = scope["path"] != "/jwks.json"
        body = json.dumps(key_set(STRANGER)).encode() if evil else self.body
        status, headers = (200, []) if evil else (self.status, self.headers)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if self.trickling:
            while self.trickling:
                await send({"type": "http.response.body", "body": b" ", "more_body": True})
                await asyncio.sleep(0.02)
        await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
async def key_server(serving):
    it = Issuer()
    async with serving(it) as (it.port, _):
        yield it


@pytest.fixture
def issuer(key_server):
    key_server.asked = 0
    yield key_server
    key_server.shows(OLD)


def key_set_of(issuer, clock):
    return KeySet(f"http://127.0.0.1:{issuer.port}/jwks.json", clock=clock)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def keys(issuer, clock):
    return key_set_of(issuer, clock)


async def known(keys, identity):
    return await keys.find(identity.kid) is not None


@asynccontextmanager
async def running(keys):
    task = asyncio.create_task(keys.run())
    yield
    keys.stop()
    keys.stop()
    await task


async def until(condition):
    async with asyncio.timeout(10):
        while not await condition():
            await asyncio.sleep(0.01)


async def test_processes_under_test_find_the_keys_of_their_tokens():
    with OLD.key_server() as url:
        assert await known(KeySet(url), OLD)


def fetches(outcome):
    return REGISTRY.get_sample_value("auth_key_fetches_total", {"outcome": outcome}) or 0.0


async def test_a_new_key_is_known_within_ten_seconds_and_asked_for_no_more_often(keys, issuer, clock):
    assert await known(keys, OLD)
    issuer.shows(OLD, NEW)
    for _ in range(9):
        assert not await known(keys, NEW)
        await clock.advance(1)
    assert issuer.asked == 1
    await clock.advance(ASK_AGAIN_S - 9)
    assert await known(keys, NEW)
    assert await known(keys, OLD)
    for number in range(100):
        assert await keys.find(f"../{number}") is None
    assert issuer.asked == 2


async def test_the_first_token_of_a_new_key_is_good_although_the_keys_were_just_refreshed(
    keys, issuer, clock
):
    assert await known(keys, OLD)
    await clock.advance(REFRESH_S)
    await keys.refresh()
    issuer.shows(OLD, NEW)
    assert await known(keys, NEW)
    assert not await known(keys, STRANGER)
    assert issuer.asked == 3, "once for an unknown name"


async def test_a_withdrawn_key_is_forgotten_at_the_next_refresh(keys, issuer, clock):
    async with running(keys):
        await until(lambda: known(keys, OLD))
        issuer.shows(NEW)
        await clock.advance(REFRESH_S)
        await until(lambda: known(keys, NEW))
        assert not await known(keys, OLD)
    assert issuer.asked <= 3, "the round, and perhaps once for a name that it did not know"


async def test_parallel_requests_ask_once_and_one_that_gives_up_takes_nothing_from_the_others(keys, issuer):
    issuer.hangs()
    waiting = [asyncio.create_task(known(keys, OLD)) for _ in range(50)]
    await until(lambda: asyncio.sleep(0, issuer.asked))
    waiting[0].cancel()
    issuer.shows(OLD)
    assert set(await asyncio.gather(*waiting[1:])) == {True}
    assert issuer.asked == 1


async def test_while_the_issuer_is_down_stale_keys_are_served_for_a_day(serving, clock):
    issuer = Issuer()
    async with serving(issuer) as (issuer.port, _):
        keys = key_set_of(issuer, clock)
        await keys.refresh()
    async with running(keys):
        await until(lambda: known(keys, OLD))
        await keys.ready()
        failed = fetches("failed")
        with capture_logs() as logs:
            for _ in range(3):
                await clock.advance(REFRESH_S)
                await keys.refresh()
                assert await known(keys, OLD)
                assert not await known(keys, STRANGER)
        assert fetches("failed") >= failed + 3
        assert [entry["event"] for entry in logs] == ["token_keys_away"]
        await clock.advance(STALE_S)
        with pytest.raises(KeysAwayError):
            await keys.find(OLD.kid)
        with pytest.raises(NotReadyError):
            await keys.ready()
        async with serving(issuer, issuer.port):
            await clock.advance(COLD_ASK_AGAIN_S)
            assert await known(keys, OLD)


async def test_a_cold_start_without_the_issuer_is_no_judgement_on_tokens(serving, issuer, keys, clock):
    issuer.answers(b"", status=503)
    for _ in range(5):
        with pytest.raises(KeysAwayError):
            await keys.find(OLD.kid)
    with pytest.raises(NotReadyError):
        await keys.ready()
    assert issuer.asked == 1
    issuer.shows(OLD)
    await clock.advance(COLD_ASK_AGAIN_S)
    assert await known(keys, OLD)


REDIRECT = [(b"location", b"/evil.json")]


@pytest.mark.parametrize(
    ("body", "more"),
    [
        (b"", {}),
        (b"<html>", {}),
        (b"{}", {}),
        (b"[]", {}),
        (b'{"keys": {}}', {}),
        (b'{"keys": [1]}', {}),
        (b"[" * 60_000, {}),
        (json.dumps(key_set(STRANGER)).encode()[:-1], {}),
        (json.dumps(key_set(STRANGER)).encode(), {"status": 500}),
        (json.dumps(key_set(STRANGER)).encode(), {"status": 404}),
        (b"", {"status": 302, "headers": REDIRECT}),
        (b"", {"status": 308, "headers": REDIRECT}),
        (json.dumps(key_set(STRANGER) | {"x": "a" * MAX_BYTES}).encode(), {}),
        (json.dumps({"keys": [*key_set(STRANGER)["keys"], *[{}] * MAX_KEYS]}).encode(), {}),
        (
            gzip.compress(json.dumps(key_set(STRANGER)).encode(), mtime=0),
            {"headers": [(b"content-encoding", b"gzip")]},
        ),
    ],
    # Names of their own: the keys, and what they are packed into, are others each time.
    ids=[
        "nothing",
        "html",
        "no keys",
        "a list",
        "keys that are none",
        "a number",
        "too deep",
        "cut off",
        "500",
        "404",
        "302",
        "308",
        "too large",
        "too many",
        "compressed",
    ],
)
async def test_what_is_no_key_set_changes_nothing(keys, issuer, body, more):
    assert await known(keys, OLD)
    issuer.answers(body, **more)
    await keys.refresh()
    assert await known(keys, OLD)
    assert not await known(keys, STRANGER)
    assert issuer.asked == 2


async def test_a_slow_issuer_delays_nobody_whose_key_is_known(keys, issuer, clock, monkeypatch):
    assert await known(keys, OLD)
    monkeypatch.setattr(jwk, "TIMEOUT_S", 0.3)
    for slow in (issuer.hangs, lambda: setattr(issuer, "trickling", True)):
        issuer.shows(OLD, STRANGER)
        slow()
        refreshing = asyncio.create_task(keys.refresh())
        async with asyncio.timeout(0.1):
            assert await known(keys, OLD)
        async with asyncio.timeout(2):
            await refreshing
        assert not await known(keys, STRANGER)


async def test_a_key_set_without_keys_is_believed_and_stops_everybody(keys, issuer, clock):
    assert await known(keys, OLD)
    issuer.shows()
    await keys.refresh()
    with pytest.raises(KeysAwayError):
        await keys.find(OLD.kid)


GOOD = OLD.jwks["keys"][0]
SMALL = rsa.generate_private_key(public_exponent=65537, key_size=1024)
EC = {"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"}
EC["y"] = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"


@pytest.mark.parametrize(
    "key",
    [
        {**GOOD, "kid": None},
        {**GOOD, "kid": ""},
        {**GOOD, "kid": 1},
        {**GOOD, "kid": "a" * 201},
        {**GOOD, "use": "enc"},
        {**GOOD, "alg": "RS512"},
        {**GOOD, "alg": "HS256"},
        {**GOOD, "kty": "oct", "k": "YQ"},
        {**EC, "kid": "ec"},
        {**GOOD, "n": None},
        {**GOOD, "n": "!"},
        {**GOOD, "e": "AA"},
        {**json.loads(RSAAlgorithm.to_jwk(SMALL.public_key())), "kid": "small"},
        {**json.loads(RSAAlgorithm.to_jwk(OLD.private_key)), "kid": "private"},
        {},
    ],
    ids=[
        "no kid", "empty kid", "number as kid", "long kid", "for encryption", "RS512", "HS256", "secret",
        "curve", "no modulus", "odd modulus", "even exponent", "small", "private", "nothing",
    ],
)  # fmt: skip
def test_a_key_that_is_not_for_signatures_by_rs256_is_passed_over(key):
    document = json.dumps({"keys": [key, {**GOOD, "kid": "good"}]}).encode()
    assert public_keys(document).keys() == {"good"}


def test_what_a_key_may_leave_out():
    document = json.dumps({"keys": [{name: GOOD[name] for name in ("kty", "n", "e", "kid")}]}).encode()
    assert public_keys(document).keys() == {OLD.kid}


async def test_tokens_of_a_rotated_key_are_accepted_and_of_others_never(keys, issuer, clock):
    app = create_app(title="Mine", version="1", health=Health())
    app.state.authenticator = TokenAuthenticator(keys, OLD.issuer, OLD.audience)

    @app.get("/me", dependencies=[Depends(require())])
    async def me() -> str:
        return "me"

    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://kit.example") as client:

        async def statuses():
            answers = [await client.get("/me", headers=who.headers()) for who in (OLD, NEW, STRANGER)]
            return [answer.status_code for answer in answers]

        issuer.answers(b"", status=503)
        assert await statuses() == [503, 503, 503]
        issuer.shows(OLD)
        await clock.advance(COLD_ASK_AGAIN_S)
        assert await statuses() == [200, 401, 401]
        issuer.shows(OLD, NEW)
        await clock.advance(ASK_AGAIN_S)
        assert await statuses() == [200, 200, 401]
        issuer.answers(b"garbage")
        await clock.advance(ASK_AGAIN_S)
        assert await statuses() == [200, 200, 401]
        issuer.shows(NEW)
        await clock.advance(REFRESH_S)
        assert await statuses() == [200, 200, 401]  # a stranger's token has just made us ask
        assert await statuses() == [401, 200, 401]
