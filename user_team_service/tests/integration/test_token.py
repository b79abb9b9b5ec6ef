"""`POST /api/token`: an access token for a name and a password, and nothing for anybody else."""

import re

import jwt
import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import RequestFactory, override_settings

from user_team.handler import Handler
from user_team.identity import keys

PASSWORD = "correct horse battery"
PATH = "/api/token"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def person(company):
    return company.person(username="anna", first_name="Анна", last_name="К", password=PASSWORD)


def ask(client, password=PASSWORD, username="anna", path=PATH, **more):
    return client.post(path, {"username": username, "password": password}, **more)


def problem(answer, status):
    """The document of a refusal, which is never kept and never a page."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    document = answer.json()
    assert (document["status"], document["type"]) == (status, "about:blank")
    return document


def claims_of(client, token):
    """What a verifier reads that knows only the published keys."""
    published = jwt.PyJWKSet.from_dict(client.get("/.well-known/jwks.json").json())
    header = jwt.get_unverified_header(token)
    assert header == {"typ": "at+jwt", "alg": "RS256", "kid": header["kid"]}
    key = published[header["kid"]]
    return jwt.decode(token, key, ["RS256"], audience="team-suite", issuer="http://127.0.0.1:8000")


@pytest.mark.parametrize("path", [PATH, f"{PATH}/"])
def test_a_right_password_gives_a_token_that_says_who_one_is(person, client, path):
    answer = ask(client, path=path)
    assert answer.status_code == 200, answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    assert "sessionid" not in answer.cookies
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", 600)
    claims = claims_of(client, body["access_token"])
    moments = {name: claims.pop(name) for name in ("iat", "nbf", "exp")}
    assert moments["nbf"] == moments["iat"] == moments["exp"] - 600
    assert re.fullmatch("[0-9a-f]{32}", claims.pop("jti"))
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
        "permissions": ["directory.read", "meetings.read", "meetings.write", "tasks.read", "tasks.write"],
    }


def test_the_password_is_really_checked(person, client, company):
    """Defect 7 of the first team management: it was not."""
    company.person(username="gone", password=PASSWORD, is_active=False)
    company.person(username="imported")  # has no password
    refusals = [ask(client, password) for password in ("wrong", PASSWORD.upper(), f"{PASSWORD} ", "x" * 4096)]
    refusals += [ask(client, username=name) for name in ("nobody", "ANNA", "gone", "imported", "anna ")]
    assert len({str(problem(answer, 401)) for answer in refusals}) == 1
    assert {answer.headers["WWW-Authenticate"] for answer in refusals} == {'Bearer realm="team-suite"'}


def test_unknown_and_inactive_people_cost_as_much_time_as_a_wrong_password(
    person, client, company, monkeypatch
):
    company.person(username="gone", password=PASSWORD, is_active=False)
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(None) or encode(*args))
    for username in ("anna", "nobody", "gone"):
        ask(client, "wrong", username)
    assert len(hashed) == 3


def test_guessing_is_locked_out_even_with_the_right_password_at_last(person, client):
    for number in range(5):
        # What a client writes about its address changes nothing.
        refused = ask(client, "wrong", headers={"X-Forwarded-For": f"203.0.113.{number}"})
    for answer in (refused, ask(client)):
        assert "locked" in problem(answer, 429)["detail"]
        assert answer.headers["Retry-After"] == "900"
    assert ask(client, REMOTE_ADDR="203.0.113.7").status_code == 200  # the owner, from elsewhere
    assert client.post("/admin/login/", {"username": "anna", "password": PASSWORD}).status_code == 429


def test_a_right_password_forgets_earlier_failures(person, client):
    for _ in range(2):
        for _ in range(4):
            ask(client, "wrong")
        assert ask(client).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ("otp=", ["/body/username", "/body/password"]),
        ("username=anna", ["/body/password"]),
        ("username=&password=", ["/body/username", "/body/password"]),
        ("username=anna&username=root&password=x", ["/body/username"]),
        ("username=anna&password=x&password=y", ["/body/password"]),
        ("username=an%00na&password=x%00", ["/body/username", "/body/password"]),
        (f"username={'x' * 151}&password={'x' * 4097}", ["/body/username", "/body/password"]),
        ("username=anna&password=x&otp=1&otp=2", ["/body/otp"]),
    ],
)
def test_a_form_with_wrong_values_says_which(db, client, body, pointers):
    document = problem(client.post(PATH, body, FORM), 422)
    assert [error["pointer"] for error in document["errors"]] == pointers


@pytest.mark.parametrize(
    "body",
    [
        "username=%ff%fe&password=%ed%a0%80",  # no UTF-8, a lone surrogate
        "username=%E2%80%AEanna&password=%zz",
        "username=anna' OR 1=1 --&password=x",
        "username=anna&password=x&is_admin=true&role=admin",  # further fields are ignored
        "username[]=anna&username=anna&password=x",
    ],
)
def test_odd_but_readable_forms_are_just_wrong(person, client, body):
    problem(client.post(PATH, body, FORM), 401)


def test_what_is_no_form_is_refused_by_its_kind(db, client):
    for method in (client.get, client.put, client.patch, client.delete, client.options, client.head):
        answer = method(PATH)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    for content_type in ("application/json", "text/plain", "", "application/x-www-form-urlencodedx"):
        problem(client.post(PATH, b'{"username": "anna"}', content_type), 415)
    problem(client.post(PATH, b"username=" + b"a" * 20_000, FORM), 413)
    problem(client.post(PATH, {"password": SimpleUploadedFile("p", b"x" * 20_000)}), 413)
    for content_type in (
        "multipart/form-data",
        "multipart/form-data; boundary=é",
        f"{FORM}; charset=latin-1",
    ):
        problem(client.post(PATH, b"username=anna", content_type), 400)


def served(path, query="", **environ):
    """The answer as gunicorn gets it: the test client makes its requests another way."""
    begun = []
    around = {"HTTP_HOST": "localhost", "PATH_INFO": path, "QUERY_STRING": query, **environ}
    answer = Handler()(RequestFactory()._base_environ(**around), lambda *head: begun.append(head))
    ((status, headers),) = begun
    return int(status.partition(" ")[0]), dict(headers)["Content-Type"], b"".join(answer)


@pytest.mark.parametrize("charset", ["base64", "undefined", "idna", "punycode", "rot13", "utf-16", "latin-1"])
def test_only_utf_8_is_read(db, charset):
    """Python has codecs whose result is no text: who named one got a 500, wherever they went."""
    for kind in ("multipart/form-data; boundary=x", FORM, "text/plain"):
        for path in (PATH, "/o/token/", "/admin/login/", "/i18n/setlang/"):
            for method in ("POST", "GET"):
                named = {"REQUEST_METHOD": method, "CONTENT_TYPE": f"{kind}; charset={charset}"}
                status, content_type, body = served(path, "next=/admin/%ff", **named)
                assert (status, content_type) == (400, "application/problem+json"), (kind, path, method)
                assert b"Only UTF-8" in body


def test_utf_8_may_be_named(db):
    status, _, body = served("/admin/login/", "next=/admin/", CONTENT_TYPE="text/plain; charset=UTF-8")
    assert (status, b"One-time code" in body) == (200, True)


def test_without_a_csrf_token_and_in_no_language_but_english(person, client):
    client.handler.enforce_csrf_checks = True
    assert ask(client, headers={"Accept-Language": "ru"}).status_code == 200
    detail = problem(ask(client, "wrong", headers={"Accept-Language": "ru"}), 401)["detail"]
    assert detail == "The user name or the password is wrong."


def test_a_key_that_nobody_can_read_is_no_500(person, client):
    keys.signing_key()
    with override_settings(SECRET_KEY="another secret, as long as the other one was, and so on and on"):
        problem(ask(client), 503)
        keys.rotate()  # what the runbook says
        assert ask(client).status_code == 200


def test_the_next_token_says_what_changed_however_it_was_changed(person, client):
    def what_one_may():
        claims = claims_of(client, ask(client).json()["access_token"])
        return claims["role"], set(claims["permissions"])

    with connection.cursor() as cursor:
        cursor.execute("UPDATE users_user SET role = 'manager' WHERE username = 'anna'")
    role, permissions = what_one_may()
    assert (role, "tasks.manage" in permissions) == ("manager", True)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM auth_group_permissions WHERE permission_id IN (
                SELECT id FROM auth_permission WHERE codename = 'tasks.manage'
            )
            """
        )
    assert "tasks.manage" not in what_one_may()[1]
    type(person).objects.filter(pk=person.pk).update(is_active=False)
    problem(ask(client), 401)
