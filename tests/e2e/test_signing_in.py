"""Signing in over HTTP, as applications do it: by what the provider says of itself, without its cookies."""

import base64
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from harness.company import PASSWORD, Person
from harness.database import Sql
from harness.rest import Rest
from harness.suite import Suite
from local_stack.demo.admin import Admin
from local_stack.demo.pages import read_page

CALLBACK = "https://web.example/signed-in"
SECRET = re.compile(r"<code>(\w{128})</code>")


@dataclass(frozen=True, slots=True)
class Application:
    """As it is registered: its name for the provider, and its secret, if it was given one."""

    client_id: str
    secret: str | None


@pytest.fixture
def provider(running: Suite) -> dict[str, Any]:
    """What the OpenID provider says of itself."""
    return Rest(running.stack.variables["AUTH_ISSUER"]).get("/.well-known/openid-configuration")


@pytest.fixture
def sql(running: Suite) -> Sql:
    return Sql(running.stack.service_dsn("USER_TEAM"))


@pytest.fixture
async def register(running: Suite, sql: Sql) -> AsyncIterator[Callable[..., Awaitable[Application]]]:
    """Registers applications in the admin."""
    names = ("DJANGO_SUPERUSER_USERNAME", "DJANGO_SUPERUSER_PASSWORD")
    async with httpx2.AsyncClient(base_url=running.url("USER_TEAM_PORT"), timeout=30) as browser:
        admin = Admin(browser)
        await admin.sign_in(*(running.stack.variables[name] for name in names))

        async def register(**fields: str) -> Application:
            editor = await admin.open_add("identity/application")
            number = await editor.save({"name": secrets.token_hex(4), **fields})
            page = await browser.get(f"/admin/identity/application/{number}/change/")
            shown = SECRET.search(page.text)
            query = "SELECT client_id FROM identity_application WHERE id = %s"
            return Application(sql.value(query, [number]), shown and shown[1])

        yield register


@pytest.fixture
def accepted(running: Suite) -> Callable[[str], int]:
    """The status that the task service answers to whoever brings a token."""
    api = Rest(running.url("TASK_MEETING_API_PORT"))
    return lambda token: (
        api.ask("GET", "/api/tasks/", headers={"Authorization": f"Bearer {token}"}).status_code
    )


async def code_for(person: Person, address: str) -> str:
    """What the application gets when the person has signed in on the page to which it sent them."""
    async with httpx2.AsyncClient(follow_redirects=True, timeout=30) as browser:
        page = await browser.get(address)
        form = read_page(page.raise_for_status().text).form_with("password")
        filled = form.filled({"username": person.username, "password": PASSWORD})
        answer = await browser.post(page.url, data=dict(filled), follow_redirects=False)
        while not (back := answer.headers["location"]).startswith(CALLBACK):
            answer = await browser.get(page.url.join(back), follow_redirects=False)
    return parse_qs(urlsplit(back).query)["code"][0]


async def test_a_person_signs_in_to_an_application(register, provider, ann, accepted):
    """Authorization code with PKCE, who it is, another token for the refresh token, and its end."""
    client = (
        await register(
            client_type="public",
            authorization_grant_type="authorization-code",
            redirect_uris=CALLBACK,
            skip_authorization="on",
        )
    ).client_id
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "client_id": client,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        "state": "here",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    code = await code_for(ann, f"{provider['authorization_endpoint']}?{httpx2.QueryParams(query)}")

    def ask(endpoint: str, **form: str) -> httpx2.Response:
        return httpx2.post(provider[endpoint], data={"client_id": client, **form})

    def refresh(token: str) -> httpx2.Response:
        return ask("token_endpoint", grant_type="refresh_token", refresh_token=token)

    exchanged = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    first = ask("token_endpoint", **exchanged, code_verifier=verifier).raise_for_status().json()
    assert accepted(first["access_token"]) == 200
    headers = {"Authorization": f"Bearer {first['access_token']}"}
    assert httpx2.get(provider["userinfo_endpoint"], headers=headers).json()["sub"] == str(ann.oid)
    second = refresh(first["refresh_token"]).raise_for_status().json()
    assert accepted(second["access_token"]) == 200
    assert ask("revocation_endpoint", token=second["refresh_token"]).status_code == 200
    assert refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


async def test_a_service_signs_in_for_itself(register, provider, sql, accepted):
    permission = sql.value("SELECT id FROM auth_permission WHERE codename = 'tasks.read'")
    kind = {"client_type": "confidential", "authorization_grant_type": "client-credentials"}
    allowed = await register(**kind, permissions=str(permission))
    other = await register(**kind)

    def token(application: Application) -> str:
        proof = (application.client_id, application.secret)
        form = {"grant_type": "client_credentials"}
        answer = httpx2.post(provider["token_endpoint"], data=form, auth=proof)
        return answer.raise_for_status().json()["access_token"]

    assert accepted(token(allowed)) == 200
    assert accepted(token(other)) == 403
