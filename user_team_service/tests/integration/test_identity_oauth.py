"""Applications sign people in (code with PKCE, refresh), and services sign in for themselves."""

import base64
import hashlib
import json
import re
import secrets
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.test import Client

from user_team.identity import keys
from user_team.identity.models import Application
from user_team.identity.permissions import suite_permissions

ISSUER = "http://127.0.0.1:8000"
PASSWORD = "correct horse battery"
CALLBACK = "https://web.example/signed-in"
SECRET = "a secret of the length that secrets should have"
FIRST_PARTY = {
    "name": "Web client",
    "client_type": Application.CLIENT_PUBLIC,
    "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
    "redirect_uris": CALLBACK,
    "post_logout_redirect_uris": "https://web.example/bye",
    "skip_authorization": True,
}
VERIFIER = secrets.token_urlsafe(48)
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def web(db):
    return Application.objects.create(**FIRST_PARTY)


@pytest.fixture
def service(db):
    application = Application.objects.create(
        name="Reports",
        client_secret=SECRET,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    application.permissions.set(suite_permissions().filter(codename="tasks.read"))
    return application


@pytest.fixture
def person(company):
    return company.person(username="anna", password=PASSWORD, locale="ru", time_zone="Europe/Moscow")


@pytest.fixture
def browser(person, sign_in):
    return sign_in(person)


def authorize(browser, application, **changes):
    """The answer to an authorization request (OpenID Connect Core, section 3.1.2.1)."""
    query = {
        "client_id": application.client_id,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid profile email",
        "state": "xyz",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    given = {name: value for name, value in query.items() if value is not None}
    return browser.get("/o/authorize/", given)


def returned(answer):
    """What the application is told when the browser comes back to it."""
    assert answer.status_code == 302, answer.content
    assert answer.url.startswith(f"{CALLBACK}?")
    return {name: value for name, (value,) in parse_qs(urlsplit(answer.url).query).items()}


def exchange(application, good, **changes):
    form = {
        "grant_type": "authorization_code",
        "client_id": application.client_id,
        "code": good,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    return Client().post("/o/token/", form)


def refresh(application, token):
    form = {"grant_type": "refresh_token", "client_id": application.client_id, "refresh_token": token}
    return Client().post("/o/token/", form)


def signed_in(browser, application, **changes):
    """The tokens at the end of the whole way."""
    answer = exchange(application, returned(authorize(browser, application, **changes))["code"])
    assert answer.status_code == 200, answer.content
    return answer.json()


def read(token, audience):
    kid = jwt.get_unverified_header(token)["kid"]
    (key,) = [key for key in keys.published() if key["kid"] == kid]
    return jwt.decode(token, jwt.PyJWK(key), ["RS256"], audience=audience, issuer=ISSUER)


class TestSigningPeopleIn:
    def test_the_whole_way_gives_an_access_token_and_an_id_token(self, browser, web, person):
        back = returned(authorize(browser, web))
        assert (back["state"], back["iss"]) == ("xyz", ISSUER)
        answer = exchange(web, back["code"])
        assert answer.headers["Cache-Control"] == "no-store"
        tokens = answer.json()
        assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
        access = read(tokens["access_token"], "team-suite")
        assert jwt.get_unverified_header(tokens["access_token"])["typ"] == "at+jwt"
        assert (access["sub"], access["client_id"]) == (str(person.oid), web.client_id)
        assert (access["scope"], access["token_use"]) == ("openid profile email", "access")
        assert access["permissions"] == ["directory.read", "tasks.read", "tasks.write"]
        identity = read(tokens["id_token"], web.client_id)
        assert jwt.get_unverified_header(tokens["id_token"])["typ"] == "JWT"
        assert (identity["sub"], identity["nonce"]) == (str(person.oid), "n-1")
        assert (identity["preferred_username"], identity["locale"]) == ("anna", "ru")
        assert not identity.keys() & {"token_use", "permissions", "role"}

    def test_the_scopes_limit_what_is_said_of_the_person(self, browser, web, person):
        tokens = signed_in(browser, web, scope="openid email")
        asked = {"Authorization": f"Bearer {tokens['access_token']}"}
        said = Client().get("/o/userinfo/", headers=asked).json()
        assert said == {"sub": str(person.oid), "email": person.email}
        assert "name" not in read(tokens["id_token"], web.client_id)

    def test_an_id_token_is_no_access_token(self, browser, web):
        tokens = signed_in(browser, web)
        for token, status in ((tokens["access_token"], 200), (tokens["id_token"], 401), ("junk", 401)):
            asked = {"Authorization": f"Bearer {token}"}
            assert Client().get("/o/userinfo/", headers=asked).status_code == status
        with pytest.raises(jwt.InvalidAudienceError):
            read(tokens["id_token"], "team-suite")

    def test_whoever_is_not_signed_in_is_asked_and_need_not_be_staff(self, person, web):
        browser = Client()
        answer = authorize(browser, web)
        assert answer.url.startswith("/o/sign-in/?next=/o/authorize/")
        page = browser.get(answer.url)
        assert "form-action 'self' https://web.example" in page.headers["Content-Security-Policy"]
        assert "One-time code" in page.content.decode()
        wrong = browser.post(answer.url, {"username": "anna", "password": "wrong"})
        assert wrong.status_code == 200
        done = browser.post(answer.url, {"username": "anna", "password": PASSWORD})
        assert returned(browser.get(done.url))["code"]
        assert browser.get("/admin/").status_code == 302, "still no staff"

    def test_a_foreign_application_is_asked_about(self, browser, web):
        web.skip_authorization = False
        web.save()
        page = authorize(browser, web)
        text = page.content.decode()
        assert "Web client wants to" in text
        assert "act in the suite with your rights" in text
        assert "form-action 'self' https://web.example" in page.headers["Content-Security-Policy"]
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
        path = page.wsgi_request.get_full_path()
        assert returned(browser.post(path, hidden))["error"] == "access_denied"
        assert returned(browser.post(path, {**hidden, "allow": "yes"}))["code"]
        stolen = {**hidden, "allow": "yes", "redirect_uri": "https://evil.example/"}
        assert browser.post(path, stolen).status_code == 400

    def test_the_pages_speak_russian(self, browser, web):
        web.skip_authorization = False
        web.save()
        browser.cookies["django_language"] = "ru"
        assert "действовать в системе с вашими правами" in authorize(browser, web).content.decode()

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
    def test_nobody_is_sent_to_an_address_that_is_not_registered(self, browser, web, uri):
        answer = authorize(browser, web, redirect_uri=uri)
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
    def test_what_is_not_offered_is_refused_to_the_application(self, browser, web, changes, error):
        answer = authorize(browser, web, **changes)
        assert answer.status_code == 302
        assert answer.url.startswith(CALLBACK)
        assert f"error={error}" in answer.url

    def test_a_code_is_good_once_for_its_own_application_and_verifier(self, browser, web, person):
        other = Application.objects.create(**FIRST_PARTY)
        code = returned(authorize(browser, web))["code"]
        assert exchange(other, code).status_code == 400
        assert exchange(web, code, code_verifier="x" * 64).status_code == 400
        assert exchange(web, code, code_verifier="").status_code == 400
        assert exchange(web, code, redirect_uri="https://evil.example/").status_code == 400
        assert exchange(web, code).status_code == 200
        assert exchange(web, code).json()["error"] == "invalid_grant"
        late = returned(authorize(browser, web))["code"]
        type(person).objects.update(is_active=False)
        assert exchange(web, late).json()["error"] == "invalid_grant"

    def test_signing_out_ends_the_session_and_the_tokens(self, browser, web):
        tokens = signed_in(browser, web)
        query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://web.example/bye"}
        keys.rotate()  # the hint is of a key that signs no more
        page = browser.get("/o/logout/", query)
        assert "Sign out?" in page.content.decode()
        left = browser.post("/o/logout/", {**query, "allow": "yes"})
        assert left.url == "https://web.example/bye"
        assert refresh(web, tokens["refresh_token"]).status_code == 400
        assert authorize(browser, web).url.startswith("/o/sign-in/")
        away = {**query, "post_logout_redirect_uri": "https://evil.example/"}
        assert browser.get("/o/logout/", away).status_code == 400


class TestRefreshTokens:
    def test_each_gives_the_next_one_and_a_token_of_what_is_true_now(self, browser, web, person):
        first = signed_in(browser, web)
        type(person).objects.update(role="manager")
        second = refresh(web, first["refresh_token"]).json()
        assert second["refresh_token"] != first["refresh_token"]
        assert read(second["access_token"], "team-suite")["role"] == "manager"

    def test_one_that_comes_back_was_stolen_and_ends_the_whole_family(self, browser, web):
        first = signed_in(browser, web)
        second = refresh(web, first["refresh_token"]).json()
        third = refresh(web, second["refresh_token"]).json()
        unrelated = signed_in(browser, web)
        assert refresh(web, first["refresh_token"]).json()["error"] == "invalid_grant"
        assert refresh(web, third["refresh_token"]).json()["error"] == "invalid_grant"
        asked = {"Authorization": f"Bearer {third['access_token']}"}
        assert Client().get("/o/userinfo/", headers=asked).status_code == 401
        assert refresh(web, unrelated["refresh_token"]).status_code == 200

    def test_those_of_inactive_people_and_of_other_applications_are_refused(self, browser, web, person):
        tokens = signed_in(browser, web)
        other = Application.objects.create(**FIRST_PARTY)
        assert refresh(other, tokens["refresh_token"]).json()["error"] == "invalid_grant"
        tokens = signed_in(browser, web)
        type(person).objects.update(is_active=False)
        assert refresh(web, tokens["refresh_token"]).json()["error"] == "invalid_grant"
        asked = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert Client().get("/o/userinfo/", headers=asked).status_code == 401

    def test_a_revoked_one_is_over(self, browser, web):
        tokens = signed_in(browser, web)
        form = {"token": tokens["refresh_token"], "client_id": web.client_id}
        assert Client().post("/o/revoke_token/", form).status_code == 200
        assert refresh(web, tokens["refresh_token"]).json()["error"] == "invalid_grant"

    def test_the_database_keeps_none_of_them(self, browser, web, as_server_superuser):
        tokens = signed_in(browser, web)
        rows = [
            *web.accesstoken_set.values_list("token", flat=True),
            *web.refreshtoken_set.values_list("token", flat=True),
        ]
        assert len(rows) == 2
        assert not set(rows) & set(tokens.values())


class TestServices:
    def ask(self, service, secret=SECRET, **more):
        form = {
            "grant_type": "client_credentials",
            "client_id": service.client_id,
            "client_secret": secret,
            **more,
        }
        return Client().post("/o/token/", form)

    def test_a_service_gets_a_token_with_the_permissions_it_was_given(self, service):
        answer = self.ask(service)
        assert answer.status_code == 200, answer.content
        assert "refresh_token" not in answer.json()
        claims = read(answer.json()["access_token"], "team-suite")
        assert (claims["sub"], claims["role"]) == (str(service.oid), "service")
        assert (claims["username"], claims["permissions"]) == (service.client_id, ["tasks.read"])

    def test_it_proves_itself_in_the_header_too(self, service):
        pair = base64.b64encode(f"{service.client_id}:{SECRET}".encode()).decode()
        form = {"grant_type": "client_credentials"}
        asked = {"Authorization": f"Basic {pair}"}
        assert Client().post("/o/token/", form, headers=asked).status_code == 200

    def test_the_rest_is_refused(self, service, web):
        assert self.ask(service, "wrong").json()["error"] == "invalid_client"
        assert self.ask(service, "").json()["error"] == "invalid_client"
        assert self.ask(service, scope="openid").json()["error"] == "invalid_scope"
        assert self.ask(web, "").json()["error"] == "invalid_client"
        password = {"grant_type": "password", "username": "root", "password": PASSWORD}
        assert self.ask(service, **password).status_code == 400

    def test_introspection_is_for_those_with_a_secret(self, service, web, browser):
        token = signed_in(browser, web)["access_token"]

        def introspect(**form):
            return Client().post("/o/introspect/", {"token": token, **form})

        proof = {"client_id": service.client_id, "client_secret": SECRET}
        assert introspect(**proof).json()["active"] is True
        assert introspect(**{**proof, "token": "junk"}).json() == {"active": False}
        assert introspect().status_code == 403
        assert introspect(client_id=web.client_id).status_code == 403
        assert Client().get("/o/introspect/", {"token": token, **proof}).status_code == 405


def test_no_log_line_holds_a_code_a_token_or_a_secret(browser, web, service, caplog):
    caplog.set_level("DEBUG")
    code = returned(authorize(browser, web))["code"]
    tokens = exchange(web, code).json()
    refresh(web, "made up")
    TestServices().ask(service)
    secrets_ = {code, SECRET, VERIFIER, tokens["refresh_token"], tokens["access_token"], tokens["id_token"]}
    assert "/o/token/" in caplog.text
    assert not {secret for secret in secrets_ if secret in caplog.text}


ODD = ["\x00", "é\u202e", "x" * 10_000, "%zz", "<script>", "' OR 1=1 --", ""]


@pytest.mark.parametrize("odd", ODD, ids=["nul", "bidi", "long", "hex", "tag", "sql", "nothing"])
def test_odd_input_is_never_a_500(browser, web, odd):
    client = Client()
    for name in ("client_id", "redirect_uri", "scope", "state", "code_challenge", "response_type", "nonce"):
        assert authorize(browser, web, **{name: odd}).status_code < 500, name
    for name in ("grant_type", "client_id", "code", "redirect_uri", "code_verifier", "scope"):
        assert exchange(web, "code", **{name: odd}).status_code < 500, name
    for path in ("token", "revoke_token", "introspect", "userinfo"):
        form = {"token": odd, "client_id": web.client_id, "refresh_token": odd, "grant_type": "refresh_token"}
        assert client.post(f"/o/{path}/", form).status_code < 500, path
        assert client.post(f"/o/{path}/", odd, "application/json").status_code < 500, path
    hidden = {"client_id": odd, "redirect_uri": CALLBACK, "scope": "openid", "response_type": "code"}
    assert browser.post("/o/authorize/", hidden).status_code < 500
    assert browser.get("/o/logout/", {"client_id": odd, "id_token_hint": odd}).status_code < 500
    inner = f"/o/authorize/?client_id={odd}"
    assert client.get("/o/sign-in/", {"next": inner}).status_code < 500


def test_what_the_library_offers_beyond_is_not_served(db, client):
    for path in ("applications/", "applications/register/", "register/", "device-authorization/", "device/"):
        assert client.get(f"/o/{path}").status_code == 404
    device = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}
    answer = client.post("/o/token/", device)
    assert (answer.status_code, json.loads(answer.content)["error"]) == (400, "unsupported_grant_type")
