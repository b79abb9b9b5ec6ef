"""Other containers fetch keys and tokens by an internal name, over plain HTTP; everybody else uses HTTPS."""

import pytest
from django.test import Client

KEYS = "/.well-known/jwks.json"
FORM = {"username": "anna", "password": "correct horse battery"}


@pytest.fixture(autouse=True)
def behind_a_real_name(settings, db):
    settings.SECURE_SSL_REDIRECT = True
    settings.INTERNAL_HOSTS = ["user-team"]
    settings.ALLOWED_HOSTS = ["team.example", "user-team"]


@pytest.fixture
def public():
    return Client(headers={"Host": "team.example"})


@pytest.fixture
def neighbour():
    return Client(headers={"Host": "user-team:8000"})


def test_a_neighbour_reads_keys_and_the_configured_issuer(neighbour):
    assert neighbour.get(KEYS).json()["keys"]
    document = neighbour.get("/.well-known/openid-configuration").json()
    assert document["issuer"] == "http://127.0.0.1:8000"


def test_a_neighbour_asks_for_tokens(neighbour, company):
    company.person(**FORM)
    assert neighbour.post("/api/token", FORM).status_code == 200
    assert neighbour.post("/o/token/", {"grant_type": "client_credentials"}).status_code == 401


def test_a_neighbour_gets_nothing_else(neighbour):
    for path in ("/admin/login/", "/o/authorize/", "/"):
        assert neighbour.get(path).status_code == 301


def test_everybody_else_is_sent_to_https_and_no_password_is_taken_without(public, company):
    company.person(**FORM)
    assert public.get(KEYS).url == f"https://team.example{KEYS}"
    assert public.post("/api/token", FORM).status_code == 403
    assert public.post("/api/token", FORM, secure=True).status_code == 200
    assert public.get(KEYS, secure=True).status_code == 200


def test_a_made_up_name_is_refused():
    assert Client(headers={"Host": "evil.example"}).get(KEYS).status_code == 400
