"""`POST /api/token`: a name and a password for an access token, and nothing for anybody else."""

import jwt
import pytest

PASSWORD = "correct horse battery"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def person(company):
    return company.person(username="anna", first_name="Анна", last_name="К", password=PASSWORD)


def ask(client, password=PASSWORD, username="anna", **more):
    return client.post("/api/token", {"username": username, "password": password, **more})


def claims_of(client, token):
    """What a verifier reads that knows only the published keys."""
    published = jwt.PyJWKSet.from_dict(client.get("/.well-known/jwks.json").json())
    header = jwt.get_unverified_header(token)
    assert header == {"typ": "at+jwt", "alg": "RS256", "kid": header["kid"]}
    key = published[header["kid"]]
    return jwt.decode(token, key, ["RS256"], audience="team-suite", issuer="http://127.0.0.1:8000")


def test_a_right_password_gives_a_token_that_says_who_one_is(person, client):
    answer = ask(client)
    assert answer.status_code == 200, answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", 600)
    claims = claims_of(client, body["access_token"])
    moments = {name: claims.pop(name) for name in ("iat", "nbf", "exp")}
    assert moments["nbf"] == moments["iat"] == moments["exp"] - 600
    assert len(claims.pop("jti")) == 32
    assert claims == {
        "iss": "http://127.0.0.1:8000",
        "aud": "team-suite",
        "sub": str(person.oid),
        "client_id": "password",
        "scope": "",
        "token_use": "access",
        "username": "anna",
        "name": "Анна",
        "surname": "К",
        "email": person.email,
        "role": "employee",
        "permissions": ["directory.read", "tasks.read", "tasks.write"],
    }
