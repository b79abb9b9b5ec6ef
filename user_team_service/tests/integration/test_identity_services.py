"""Services sign in for themselves (client credentials), and may look into tokens."""

import base64

from django.test import Client


def test_a_service_gets_a_token_with_the_permissions_it_was_given(service, read):
    answer = service.ask()
    assert answer.status_code == 200, answer.content
    assert "refresh_token" not in answer.json()
    claims = read(answer.json()["access_token"], "team-suite")
    assert (claims["sub"], claims["role"]) == (str(service.application.oid), "service")
    assert (claims["username"], claims["permissions"]) == (service.client_id, ["tasks.read"])


def test_it_proves_itself_in_the_header_too(service):
    pair = base64.b64encode(f"{service.client_id}:{service.SECRET}".encode()).decode()
    form = {"grant_type": "client_credentials"}
    asked = {"Authorization": f"Basic {pair}"}
    assert Client(enforce_csrf_checks=True).post("/o/token/", form, headers=asked).status_code == 200


def test_the_rest_is_refused(service, web):
    assert service.ask("wrong").json()["error"] == "invalid_client"
    assert service.ask("").json()["error"] == "invalid_client"
    assert service.ask(scope="openid").json()["error"] == "invalid_scope"
    assert service.ask("", client_id=web.client_id).json()["error"] == "invalid_client"
    password = {"grant_type": "password", "username": "root", "password": "x"}
    assert service.ask(**password).status_code == 400


def test_introspection_is_for_those_with_a_secret(service, web):
    token = web.tokens()["access_token"]

    def introspect(**form):
        return Client(enforce_csrf_checks=True).post("/o/introspect/", {"token": token, **form})

    proof = {"client_id": service.client_id, "client_secret": service.SECRET}
    assert introspect(**proof).json()["active"] is True
    assert introspect(**{**proof, "token": "junk"}).json() == {"active": False}
    assert introspect().status_code == 403
    assert introspect(client_id=web.client_id).status_code == 403
    assert Client().get("/o/introspect/", {"token": token, **proof}).status_code == 405
