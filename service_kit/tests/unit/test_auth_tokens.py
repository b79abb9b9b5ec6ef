"""Which access tokens are accepted: everything else is 401, and says no more than it must."""

import base64
import hashlib
import hmac
import json
import time
from typing import Annotated
from uuid import UUID

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import Depends
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from structlog.testing import capture_logs

from service_kit.auth import Caller, TokenAuthenticator, require
from service_kit.auth.challenge import Unauthorized
from service_kit.auth.jwks import KeysAwayError
from service_kit.health import Health
from service_kit.http import create_app
from service_kit.testing import Identity

ANN = UUID(int=1)
IDENTITY = Identity()
STRANGER = Identity()
NOW = int(time.time())
HOUR = 3600


@pytest.fixture(scope="module")
async def client():
    app = create_app(title="Mine", version="1", health=Health())
    app.state.authenticator = IDENTITY.authenticator()

    @app.get("/me")
    async def me(caller: Annotated[Caller, Depends(require())]) -> dict:
        return {"oid": caller.oid, "role": caller.role, "permissions": sorted(caller.permissions)}

    @app.get("/all", dependencies=[Depends(require("projects.all"))])
    async def everything() -> str:
        return "all"

    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://kit.example") as it:
        yield it


async def test_a_valid_token_says_who_calls_and_what_they_may_do(client):
    answer = await client.get("/me", headers=IDENTITY.headers(ANN, role="manager"))
    assert answer.json() == {
        "oid": str(ANN),
        "role": "manager",
        "permissions": [
            *("directory.read", "meetings.manage", "meetings.read", "meetings.write"),
            *("tasks.manage", "tasks.read", "tasks.write"),
        ],
    }


async def test_a_permission_is_in_the_token_or_it_is_403(client):
    assert (await client.get("/all", headers=IDENTITY.headers(role="admin"))).status_code == 200
    refused = await client.get("/all", headers=IDENTITY.headers(role="manager"))
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["www-authenticate"] == ('Bearer error="insufficient_scope", scope="projects.all"')


async def test_the_log_names_the_caller_by_their_oid_alone(client):
    with capture_logs() as logs:
        await client.get(
            "/me", headers=IDENTITY.headers(ANN, username="ann", name="Ann", email="ann@x.example")
        )
        await client.get("/me")
    assert [entry["caller"] for entry in logs if entry["event"] == "http_request"] == [str(ANN), None]
    assert "ann" not in str(logs).lower()


async def test_no_token_is_401_without_an_error(client):
    answer = await client.get("/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


async def assert_refused(client, *values):
    answer = await client.get("/me", headers=[("Authorization", value) for value in values])
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    return answer.json()["detail"]


VALID = IDENTITY.token(ANN)


@pytest.mark.parametrize(
    "values",
    [
        [f"Bearer {VALID}", f"Bearer {VALID}"],
        [f"Bearer {VALID}", "Basic YTpi"],
        ["Basic YTpi"],
        ["Bearer"],
        ["Bearer "],
        [""],
        [VALID],
        [f"Bearer  {VALID}"],
        [f"Bearer {VALID} x"],
        [f"Bearer {VALID}, Bearer {VALID}"],
        [f"Token {VALID}"],
        ["Bearer " + "a" * 100_000],
        ["Bearer " + IDENTITY.token(ANN, email="a" * 7_000)],
        ["Bearer .."],
        ["Bearer a.b.c"],
        ["Bearer " + ".".join([VALID] * 2)],
        ["Bearer " + VALID.rsplit(".", 1)[0] + "."],
        [b"Bearer \xff\xfe"],
    ],
    ids=lambda values: repr(values[0])[:30],
)
async def test_exactly_one_bearer_token_is_asked_for(client, values):
    await assert_refused(client, *values)


async def test_the_scheme_is_read_in_any_case(client):
    assert (await client.get("/me", headers={"Authorization": f"bearer {VALID}"})).status_code == 200


def segment(part):
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def hand_made(header, sign=lambda _text: b"", payload=None):
    """A token whose header is exactly this one; `sign` gives the signature."""
    text = segment(header) + b"." + segment(payload or IDENTITY.claims(ANN))
    return (text + b"." + segment(sign(text))).decode()


def rs256(text):
    return jwt.get_algorithm_by_name("RS256").sign(text, IDENTITY.private_key)


def hs256(secret):
    return lambda text: hmac.new(secret, text, hashlib.sha256).digest()


HEADER = {"alg": "RS256", "typ": "at+jwt", "kid": IDENTITY.kid}
PUBLIC = IDENTITY.private_key.public_key()
HMAC = {**HEADER, "alg": "HS256"}
EVIL = "http://evil.example/jwks.json"


async def test_a_token_made_by_hand_is_accepted_when_all_of_it_is_right(client):
    answer = await client.get("/me", headers={"Authorization": f"Bearer {hand_made(HEADER, rs256)}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "token",
    [
        hand_made({**HEADER, "alg": "none"}),
        hand_made({**HEADER, "alg": "None"}, rs256),
        hand_made({**HEADER, "alg": ["RS256"]}, rs256),
        hand_made({**HEADER, "alg": "rs256"}, rs256),
        hand_made({"typ": "at+jwt", "kid": IDENTITY.kid}, rs256),
        hand_made(HMAC, hs256(PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))),
        hand_made(HMAC, hs256(PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))),
        hand_made(HMAC, hs256(PUBLIC.public_bytes(Encoding.PEM, PublicFormat.PKCS1))),
        hand_made(HMAC, hs256(json.dumps(IDENTITY.jwks["keys"][0]).encode())),
        hand_made(HMAC, hs256(b"")),
        *(
            jwt.encode(
                IDENTITY.claims(ANN), IDENTITY.private_key, alg, {"kid": IDENTITY.kid, "typ": "at+jwt"}
            )
            for alg in ("RS384", "RS512", "PS256")
        ),
        STRANGER.token(ANN),
        STRANGER.sign(STRANGER.claims(ANN), kid=IDENTITY.kid),
        STRANGER.sign(STRANGER.claims(ANN), kid=IDENTITY.kid, jwk=STRANGER.jwks["keys"][0]),
        hand_made(HEADER),
        hand_made(HEADER, lambda _text: bytes(256)),
    ],
)
async def test_only_the_issuers_signature_counts(client, token):
    assert await assert_refused(client, f"Bearer {token}") == "The access token is not valid."


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../../../dev/null"},
        {"kid": "/etc/passwd"},
        {"kid": EVIL},
        {"kid": "' OR '1'='1"},
        {"kid": "a" * 5_000},
        {"kid": ""},
        {"kid": 1},
        {"kid": [IDENTITY.kid]},
        {"kid": {"a": 1}},
        {"kid": None},
        {"jku": EVIL},
        {"x5u": EVIL},
        {"x5c": ["MIIB"]},
        {"jwk": IDENTITY.jwks["keys"][0]},
        {"crit": ["exp"], "exp": 0},
        {"crit": []},
        {"crit": ["b64"], "b64": True},
        {"b64": False},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"typ": "JWT"},
        {"typ": "at+JWT "},
        {"typ": None},
        {"typ": 1},
    ],
    ids=" ".join,
)
async def test_nothing_in_the_header_chooses_how_the_token_is_checked(client, header):
    await assert_refused(client, f"Bearer {hand_made({**HEADER, **header}, rs256)}")


@pytest.mark.parametrize("header", [b"[]", b"1", b"{", b"[" * 3_000, b"\xff", b'"RS256"', b"null"])
async def test_a_header_that_is_no_object_is_refused(client, header):
    await assert_refused(client, f"Bearer {hand_made(header, rs256)}")


@pytest.mark.parametrize("payload", [b"[]", b"1", b"{", b"[" * 3_000, b"\xff", b"null", b"{}"])
async def test_claims_that_are_no_object_are_refused(client, payload):
    await assert_refused(client, f"Bearer {hand_made(HEADER, rs256, payload)}")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": [1]},
        {"aud": ""},
        {"aud": "team-suite "},
        {"iss": "http://evil.example"},
        {"iss": IDENTITY.issuer + "/"},
        {"iss": [IDENTITY.issuer]},
        {"nbf": NOW + HOUR},
        {"iat": NOW + HOUR},
        {"exp": str(NOW + HOUR)},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": [NOW + HOUR]},
        {"iat": True},
        {"nbf": "0"},
        {"token_use": "id"},
        {"token_use": ["access"]},
        {"sub": "ann"},
        {"sub": 1},
        {"sub": ""},
        {"sub": str(ANN) + "0"},
        {"permissions": "projects.all"},
        {"permissions": {"projects.all": True}},
        {"permissions": [1]},
        {"permissions": [["projects.all"]]},
        {"permissions": [None]},
        {"role": ["admin"]},
        {"username": 1},
        {"jti": 1},
        *({name: None} for name in sorted(IDENTITY.claims().keys() - {"scope", "name", "surname", "email"})),
    ],
    ids=" ".join,
)
async def test_wrong_and_missing_claims_are_refused(client, claims):
    given = {name: value for name, value in (IDENTITY.claims(ANN) | claims).items() if value is not None}
    token = hand_made(HEADER, rs256, given)
    assert await assert_refused(client, f"Bearer {token}") == "The access token is not valid."


async def test_an_id_token_is_no_access_token(client):
    claims = IDENTITY.claims(ANN)
    for name in ("token_use", "permissions", "client_id", "scope"):
        del claims[name]
    await assert_refused(client, f"Bearer {IDENTITY.sign(claims, typ='JWT')}")
    await assert_refused(client, f"Bearer {IDENTITY.sign({**claims, 'aud': 'a-client'}, typ='JWT')}")


async def test_an_expired_token_says_so_for_clients_to_fetch_another(client):
    late = IDENTITY.token(ANN, exp=int(time.time()) - 11)
    assert await assert_refused(client, f"Bearer {late}") == "The access token has expired."


async def test_clocks_may_differ_by_seconds(client):
    now = int(time.time())
    for claims in ({"exp": now - 5}, {"iat": now + 5, "nbf": now + 5}):
        answer = await client.get("/me", headers=IDENTITY.headers(ANN, **claims))
        assert answer.status_code == 200


async def test_permissions_that_are_named_twice_are_one(client):
    headers = IDENTITY.headers(ANN, permissions=["tasks.read", "tasks.read"])
    assert (await client.get("/me", headers=headers)).json()["permissions"] == ["tasks.read"]


async def test_without_any_keys_it_is_503_and_not_401(client):
    class Away:
        async def find(self, _kid):
            raise KeysAwayError

    app = client._transport.app
    app.state.authenticator = TokenAuthenticator(Away(), IDENTITY.issuer, IDENTITY.audience)
    try:
        answer = await client.get("/me", headers=IDENTITY.headers(ANN))
        assert (await client.get("/me")).status_code == 401
    finally:
        app.state.authenticator = IDENTITY.authenticator()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["content-type"] == "application/problem+json"


def request(token):
    header = (b"authorization", b"Bearer " + token.encode())
    return Request({"type": "http", "method": "GET", "path": "/", "headers": [header]})


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \t"


@settings(deadline=None)
@given(st.integers(0, len(VALID) - 1), st.sampled_from(ALPHABET))
async def test_a_token_with_another_character_is_another_token(place, character):
    changed = VALID[:place] + character + VALID[place + 1 :]
    authenticator = IDENTITY.authenticator()
    if changed == VALID:
        assert (await authenticator.caller(request(changed))).oid == ANN
        return
    with pytest.raises(Unauthorized):
        await authenticator.caller(request(changed))
