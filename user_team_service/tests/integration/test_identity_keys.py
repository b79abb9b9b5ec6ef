"""Signing keys: one signs, the older stay published while their tokens live, a leaked one goes at once."""

import json
import threading
from datetime import timedelta
from io import StringIO

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from jwcrypto.jwk import JWK

from user_team.identity import keys, tokens
from user_team.identity.models import SigningKey


def manage(*arguments):
    out = StringIO()
    call_command("signing_keys", *arguments, stdout=out)
    return out.getvalue()


def signed():
    return tokens.sign({"sub": "somebody"}, client_id="test", scope="")


def verifies(client, token):
    """Whether somebody who fetches the keys now takes the token."""
    published = client.get("/.well-known/jwks.json").json()["keys"]
    kid = jwt.get_unverified_header(token)["kid"]
    (key,) = [key for key in published if key["kid"] == kid] or [None]
    return key is not None and bool(
        jwt.decode(token, jwt.PyJWK(key), ["RS256"], audience="team-suite", issuer="http://127.0.0.1:8000")
    )


def test_the_published_keys_have_their_names_by_rfc_7638_and_nothing_private(db, client):
    answer = client.get("/.well-known/jwks.json")
    (key,) = answer.json()["keys"]
    assert key.keys() == {"kty", "n", "e", "kid", "use", "alg"}
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
    assert key["kid"] == JWK(**key).thumbprint()
    assert answer.headers["Cache-Control"] == "public, max-age=10"
    assert client.post("/.well-known/jwks.json").status_code == 405


def test_the_private_half_is_not_readable_in_the_database(db):
    row = SigningKey.objects.get()
    modulus, factor = (
        keys.signing_key().export(as_dict=True)["n"],
        keys.signing_key().export(as_dict=True)["p"],
    )
    assert row.public["n"] == modulus
    assert factor not in row.private
    assert "PRIVATE" not in row.private


def test_a_rotation_leaves_no_gap_for_those_who_fetch_the_keys(db, client):
    before = signed()
    assert "signs" in manage("rotate")
    after = signed()
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    assert verifies(client, before)
    assert verifies(client, after)
    old, new = SigningKey.objects.order_by("created_at")
    assert new.retires_at is None
    remaining = old.retires_at - timezone.now()
    assert timedelta(minutes=11) < remaining <= timedelta(minutes=12), "longer than its last token lives"
    assert keys.longest_life() == timedelta(minutes=10)


def test_an_expired_key_is_published_no_more_and_then_deleted(db, client):
    before = signed()
    keys.rotate()
    SigningKey.objects.exclude(retires_at=None).update(retires_at=timezone.now())
    assert not verifies(client, before)
    manage("rotate")
    assert SigningKey.objects.count() == 2


def test_a_leaked_key_is_withdrawn_at_once_and_another_signs(db, client):
    before = signed()
    kid = jwt.get_unverified_header(before)["kid"]
    assert "withdrawn" in manage("withdraw", kid)
    assert not verifies(client, before)
    assert verifies(client, signed())
    with pytest.raises(CommandError, match="No published key"):
        manage("withdraw", kid)


def test_withdrawing_an_old_key_leaves_the_signing_one(db, client):
    old = jwt.get_unverified_header(signed())["kid"]
    keys.rotate()
    current = signed()
    keys.withdraw(old)
    assert verifies(client, current)
    assert jwt.get_unverified_header(signed()) == jwt.get_unverified_header(current)


def test_the_list_names_every_key_and_no_secret(db):
    keys.rotate()
    listed = manage("list")
    for key in SigningKey.objects.all():
        assert key.kid in listed
        assert key.private not in listed
    assert ("signs" in listed, "published until" in listed) == (True, True)


def test_several_processes_make_one_first_key_between_them(committed_db):
    SigningKey.objects.all().delete()
    names = []

    def start():
        names.append(keys.signing_key().thumbprint())
        connection.close()

    processes = [threading.Thread(target=start) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(set(names)) == 1
    assert SigningKey.objects.count() == 1


def test_the_viewer_sees_neither_keys_nor_secrets(db, as_server_superuser):
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT table_name FROM information_schema.role_column_grants WHERE grantee = 'viewer'
            """
        )
        seen = {name for (name,) in cursor.fetchall()}
    assert "users_user" in seen
    assert not {name for name in seen if name.startswith(("identity_", "oauth2_", "otp_"))}


class TestDiscovery:
    def test_the_issuer_is_configured_whatever_the_host_header_says(self, db, client, settings):
        settings.ALLOWED_HOSTS = ["*"]
        at = "/.well-known/openid-configuration"
        answers = [client.get(at, headers={"Host": host}).content for host in ("evil.example", "localhost")]
        assert answers[0] == answers[1]
        document = json.loads(answers[0])
        assert document["issuer"] == "http://127.0.0.1:8000"
        assert document["jwks_uri"] == "http://127.0.0.1:8000/.well-known/jwks.json"
        assert document["code_challenge_methods_supported"] == ["S256"]

    def test_every_endpoint_that_it_names_is_served(self, db, client):
        document = client.get("/.well-known/openid-configuration").json()
        endpoints = [url for name, url in document.items() if name.endswith(("_endpoint", "_uri"))]
        assert len(endpoints) == 7
        for url in endpoints:
            assert client.get(url.removeprefix(document["issuer"])).status_code != 404, url
