"""Which access tokens are accepted: everything else is 401."""

from typing import Annotated
from uuid import UUID

import httpx2
import pytest
from fastapi import Depends

from service_kit.auth import Caller, require
from service_kit.health import Health
from service_kit.http import create_app
from service_kit.testing import Identity

ANN = UUID(int=1)


@pytest.fixture(scope="module")
def identity():
    return Identity()


@pytest.fixture(scope="module")
async def client(identity):
    app = create_app(title="Mine", version="1", health=Health())
    app.state.authenticator = identity.authenticator()

    @app.get("/me")
    async def me(caller: Annotated[Caller, Depends(require())]) -> dict:
        return {"oid": caller.oid, "role": caller.role, "permissions": sorted(caller.permissions)}

    @app.get("/all", dependencies=[Depends(require("projects.all"))])
    async def everything() -> str:
        return "all"

    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://kit.example") as it:
        yield it


async def test_a_valid_token_says_who_calls_and_what_they_may_do(client, identity):
    answer = await client.get("/me", headers=identity.headers(ANN, role="manager"))
    assert answer.json() == {
        "oid": str(ANN),
        "role": "manager",
        "permissions": ["directory.read", "tasks.manage", "tasks.read", "tasks.write"],
    }


async def test_a_permission_is_in_the_token_or_it_is_403(client, identity):
    assert (await client.get("/all", headers=identity.headers(role="admin"))).status_code == 200
    refused = await client.get("/all", headers=identity.headers(role="manager"))
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["www-authenticate"] == ('Bearer error="insufficient_scope", scope="projects.all"')


async def test_no_token_is_401_without_an_error(client):
    answer = await client.get("/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
