"""Applications that people sign in to, a service that signs in for itself, and what the outbox was given."""

import base64
import hashlib
import json
import secrets
from functools import partial
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.db import connection
from django.test import Client

from user_team.accounts.models import OutboxEvent
from user_team.identity import keys
from user_team.identity.models import Application
from user_team.identity.permissions import suite_permissions

# What the outbox gets is gone at once: this keeps it for the test.
KEEP = """
    CREATE TABLE told (place bigserial, topic text, key text, type text, payload jsonb, traceparent text);
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO told (topic, key, type, payload, traceparent)
        SELECT topic, key, type, payload, traceparent FROM inserted;
        RETURN NULL;
    END $$;
    CREATE TRIGGER tell AFTER INSERT ON outbox_event REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION tell();
"""
TOLD = """
    WITH gone AS (DELETE FROM told RETURNING *)
    SELECT topic, key, type, payload, traceparent FROM gone ORDER BY place
"""


def program():
    """What asks without a browser. The test client would leave out a check that the real server makes."""
    return Client(enforce_csrf_checks=True)


class WebClient:
    """A public application, and the browser of one who signs in to it."""

    CALLBACK = "https://web.example/signed-in"
    VERIFIER = secrets.token_urlsafe(48)
    _CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()

    def __init__(self, browser, application=None):
        self.browser = browser
        self.application = application or Application.objects.create(
            name="Web client",
            client_type=Application.CLIENT_PUBLIC,
            authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
            redirect_uris=self.CALLBACK,
            post_logout_redirect_uris="https://web.example/bye",
            skip_authorization=True,
        )
        self.client_id = self.application.client_id

    def authorize(self, **changes):
        """The answer to an authorization request (OpenID Connect Core, section 3.1.2.1)."""
        query = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self.CALLBACK,
            "scope": "openid profile email",
            "state": "xyz",
            "nonce": "n-1",
            "code_challenge": self._CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        given = {name: value for name, value in query.items() if value is not None}
        return self.browser.get("/o/authorize/", given)

    def code(self):
        return self.told(self.authorize())["code"]

    def told(self, answer):
        """What the application learns when the browser comes back to it."""
        assert answer.status_code == 302, answer.content
        assert answer.url.startswith(f"{self.CALLBACK}?")
        return {name: value for name, (value,) in parse_qs(urlsplit(answer.url).query).items()}

    def exchange(self, good, **changes):
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "code": good,
            "redirect_uri": self.CALLBACK,
            "code_verifier": self.VERIFIER,
            **changes,
        }
        return program().post("/o/token/", form)

    def refresh(self, token):
        form = {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": token}
        return program().post("/o/token/", form)

    def tokens(self, **changes):
        """What one has at the end of the whole way."""
        answer = self.exchange(self.told(self.authorize(**changes))["code"])
        assert answer.status_code == 200, answer.content
        return answer.json()


class Service:
    """A confidential application with a token of its own."""

    SECRET = "a secret of the length that secrets should have"

    def __init__(self):
        self.application = Application.objects.create(
            name="Reports",
            client_secret=self.SECRET,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        )
        self.application.permissions.set(suite_permissions().filter(codename="tasks.read"))
        self.client_id = self.application.client_id

    def ask(self, secret=SECRET, **more):
        proof = {"client_id": self.client_id, "client_secret": secret}
        return program().post("/o/token/", {"grant_type": "client_credentials", **proof, **more})


@pytest.fixture
def person(company):
    return company.person(
        username="anna", password="correct horse battery", locale="ru", time_zone="Europe/Moscow"
    )


@pytest.fixture
def web(person, sign_in):
    """In the browser of the person, who is signed in here."""
    return WebClient(sign_in(person))


@pytest.fixture
def other_web(web):
    return WebClient(web.browser)


@pytest.fixture
def stranger(web):
    """The same application in a browser where nobody is signed in."""
    return WebClient(Client(), web.application)


@pytest.fixture
def service(db):
    return Service()


@pytest.fixture
def read(db):
    """The claims of a token for an audience, as somebody reads them who knows only the published keys."""

    def read(token, audience):
        kid = jwt.get_unverified_header(token)["kid"]
        (key,) = [key for key in keys.published() if key["kid"] == kid]
        issuer = "http://127.0.0.1:8000"
        return jwt.decode(token, jwt.PyJWK(key), ["RS256"], audience=audience, issuer=issuer)

    return read


@pytest.fixture
def userinfo():
    """What the OpenID provider says to whoever brings a token."""

    def userinfo(token):
        return program().get("/o/userinfo/", headers={"Authorization": f"Bearer {token}"})

    return userinfo


@pytest.fixture
def run():
    """Runs SQL as this service, and returns its rows."""

    def run(statement, parameters=()):
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def keep_events(run):
    """Begin to keep what the outbox gets, in a table `told`."""
    return partial(run, KEEP)


@pytest.fixture
def told(db, run, keep_events):
    """The events since the last call."""
    keep_events()

    def events():
        assert not OutboxEvent.objects.exists()
        names = ("topic", "key", "type", "payload", "traceparent")
        rows = [dict(zip(names, row, strict=True)) for row in run(TOLD)]
        return [row | {"payload": json.loads(row["payload"])} for row in rows]

    return events
