"""Applications sign people in: OpenID Connect, authorization code with PKCE."""

import json
import re

import jwt
import pytest
from django.test import Client

from user_team.identity import keys

PASSWORD = "correct horse battery"


def test_the_whole_way_gives_an_access_token_and_an_id_token(web, person, read):
    back = web.told(web.authorize())
    assert (back["state"], back["iss"]) == ("xyz", "http://127.0.0.1:8000")
    answer = web.exchange(back["code"])
    assert answer.headers["Cache-Control"] == "no-store"
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    access = read(tokens["access_token"], "team-suite")
    assert jwt.get_unverified_header(tokens["access_token"])["typ"] == "at+jwt"
    assert (access["sub"], access["client_id"]) == (str(person.oid), web.client_id)
    assert (access["scope"], access["token_use"]) == ("openid profile email", "access")
    assert access["permissions"] == [
        *("directory.read", "meetings.read", "meetings.write"),
        *("tasks.read", "tasks.write"),
    ]
    identity = read(tokens["id_token"], web.client_id)
    assert jwt.get_unverified_header(tokens["id_token"])["typ"] == "JWT"
    assert (identity["sub"], identity["nonce"]) == (str(person.oid), "n-1")
    assert (identity["preferred_username"], identity["locale"]) == ("anna", "ru")
    assert not identity.keys() & {"token_use", "permissions", "role"}


def test_the_scopes_limit_what_is_said_of_the_person(web, person, read, userinfo):
    tokens = web.tokens(scope="openid email")
    said = userinfo(tokens["access_token"]).json()
    by_post = Client(enforce_csrf_checks=True).post("/o/userinfo/", {"access_token": tokens["access_token"]})
    assert by_post.status_code in {200, 401}, "not a page about forms"
    assert said == {"sub": str(person.oid), "email": person.email}
    assert "name" not in read(tokens["id_token"], web.client_id)


def test_an_id_token_is_no_access_token(web, read, userinfo):
    tokens = web.tokens()
    for token, status in ((tokens["access_token"], 200), (tokens["id_token"], 401), ("junk", 401)):
        assert userinfo(token).status_code == status
    with pytest.raises(jwt.InvalidAudienceError):
        read(tokens["id_token"], "team-suite")


def test_whoever_is_not_signed_in_is_asked_and_need_not_be_staff(stranger):
    answer = stranger.authorize()
    assert answer.url.startswith("/o/sign-in/?next=/o/authorize/")
    page = stranger.browser.get(answer.url)
    assert "form-action 'self' https://web.example" in page.headers["Content-Security-Policy"]
    assert "One-time code" in page.content.decode()
    wrong = stranger.browser.post(answer.url, {"username": "anna", "password": "wrong"})
    assert wrong.status_code == 200
    done = stranger.browser.post(answer.url, {"username": "anna", "password": PASSWORD})
    assert stranger.told(stranger.browser.get(done.url))["code"]
    assert stranger.browser.get("/admin/").status_code == 302, "still no staff"


def test_a_foreign_application_is_asked_about(web):
    web.application.skip_authorization = False
    web.application.save()
    page = web.authorize()
    text = page.content.decode()
    assert "Web client wants to" in text
    assert "act in the suite with your rights" in text
    assert "form-action 'self' https://web.example" in page.headers["Content-Security-Policy"]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
    path = page.wsgi_request.get_full_path()
    assert web.told(web.browser.post(path, hidden))["error"] == "access_denied"
    assert web.told(web.browser.post(path, {**hidden, "allow": "yes"}))["code"]
    stolen = {**hidden, "allow": "yes", "redirect_uri": "https://evil.example/"}
    assert web.browser.post(path, stolen).status_code == 400


def test_the_pages_speak_russian(web):
    web.application.skip_authorization = False
    web.application.save()
    web.browser.cookies["django_language"] = "ru"
    assert "действовать в системе с вашими правами" in web.authorize().content.decode()


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/",
        "https://web.example/signed-in/../evil",
        "https://web.example.evil.example/signed-in",
        "https://web.example/signed-in?x=1",
        "https://web.example@evil.example/signed-in",
        "http://web.example/signed-in",
        "javascript:alert(1)",
        "https://web.example/signed-in#x",
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(web, uri):
    answer = web.authorize(redirect_uri=uri)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"response_type": "id_token token"}, "unauthorized_client"),
        ({"scope": "openid everything"}, "invalid_scope"),
    ],
)
def test_what_is_not_offered_is_refused_to_the_application(web, changes, error):
    answer = web.authorize(**changes)
    assert answer.status_code == 302
    assert answer.url.startswith(web.CALLBACK)
    assert f"error={error}" in answer.url


def test_a_code_is_good_once_for_its_own_application_and_verifier(web, person, other_web):
    code = web.code()
    assert other_web.exchange(code).status_code == 400
    assert web.exchange(code, code_verifier="x" * 64).status_code == 400
    assert web.exchange(code, code_verifier="").status_code == 400
    assert web.exchange(code, redirect_uri="https://evil.example/").status_code == 400
    assert web.exchange(code).status_code == 200
    assert web.exchange(code).json()["error"] == "invalid_grant"
    late = web.code()
    type(person).objects.update(is_active=False)
    assert web.exchange(late).json()["error"] == "invalid_grant"


def test_signing_out_ends_the_session_and_the_tokens(web):
    tokens = web.tokens()
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://web.example/bye"}
    keys.rotate()  # the hint is of a key that signs no more
    page = web.browser.get("/o/logout/", query)
    assert "Sign out?" in page.content.decode()
    left = web.browser.post("/o/logout/", {**query, "allow": "yes"})
    assert left.url == "https://web.example/bye"
    assert web.refresh(tokens["refresh_token"]).status_code == 400
    assert web.authorize().url.startswith("/o/sign-in/")
    away = {**query, "post_logout_redirect_uri": "https://evil.example/"}
    assert web.browser.get("/o/logout/", away).status_code == 400


def test_no_log_line_holds_a_code_a_token_or_a_secret(web, service, caplog):
    caplog.set_level("DEBUG")
    code = web.code()
    tokens = web.exchange(code).json()
    web.refresh("made up")
    service.ask()
    secrets_ = {
        code,
        service.SECRET,
        web.VERIFIER,
        tokens["refresh_token"],
        tokens["access_token"],
        tokens["id_token"],
    }
    assert "/o/token/" in caplog.text
    assert not {secret for secret in secrets_ if secret in caplog.text}


ODD = ["\x00", "é\u202e", "x" * 10_000, "%zz", "<script>", "' OR 1=1 --", ""]


@pytest.mark.parametrize("odd", ODD, ids=["nul", "bidi", "long", "hex", "tag", "sql", "nothing"])
def test_odd_input_is_never_a_500(web, odd):
    client = Client()
    for name in ("client_id", "redirect_uri", "scope", "state", "code_challenge", "response_type", "nonce"):
        assert web.authorize(**{name: odd}).status_code < 500, name
    for name in ("grant_type", "client_id", "code", "redirect_uri", "code_verifier", "scope"):
        assert web.exchange("code", **{name: odd}).status_code < 500, name
    for path in ("token", "revoke_token", "introspect", "userinfo"):
        form = {"token": odd, "client_id": web.client_id, "refresh_token": odd, "grant_type": "refresh_token"}
        assert client.post(f"/o/{path}/", form).status_code < 500, path
        assert client.post(f"/o/{path}/", odd, "application/json").status_code < 500, path
    hidden = {"client_id": odd, "redirect_uri": web.CALLBACK, "scope": "openid", "response_type": "code"}
    assert web.browser.post("/o/authorize/", hidden).status_code < 500
    assert web.browser.get("/o/logout/", {"client_id": odd, "id_token_hint": odd}).status_code < 500
    inner = f"/o/authorize/?client_id={odd}"
    assert client.get("/o/sign-in/", {"next": inner}).status_code < 500


def test_what_the_library_offers_beyond_is_not_served(db, client):
    for path in ("applications/", "applications/register/", "register/", "device-authorization/", "device/"):
        assert client.get(f"/o/{path}").status_code == 404
    device = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}
    answer = client.post("/o/token/", device)
    assert (answer.status_code, json.loads(answer.content)["error"]) == (400, "unsupported_grant_type")
