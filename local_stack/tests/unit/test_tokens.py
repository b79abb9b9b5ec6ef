"""A client that is signed in: it gets a token once, renews it in time, and hides no refusal."""

import time

import httpx2
import pytest

from local_stack.tokens import SignedIn


class Server:
    """Issues the tokens 1, 2, … and shows with which of them it is asked."""

    def __init__(self, expires_in: int = 600) -> None:
        self.issued = 0
        self.withdrawn: set[str] = set()
        self._expires_in = expires_in

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path != "/api/token":
            given = request.headers["Authorization"]
            return httpx2.Response(401 if given in self.withdrawn else 200, text=given)
        if b"password=right" not in request.content:
            return httpx2.Response(401)
        self.issued += 1
        return httpx2.Response(200, json={"access_token": str(self.issued), "expires_in": self._expires_in})


def signed_in(server: Server, password: str = "right") -> httpx2.Client:
    auth = SignedIn("http://issuer.example", "ann", password)
    return httpx2.Client(auth=auth, transport=httpx2.MockTransport(server), base_url="http://api.example")


def test_one_token_serves_many_requests() -> None:
    server = Server()
    with signed_in(server) as client:
        assert [client.get("/").text for _ in range(3)] == ["Bearer 1"] * 3
    assert server.issued == 1


def test_a_token_is_renewed_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr("local_stack.tokens.time.monotonic", lambda: now)
    with signed_in(Server()) as client:
        assert client.get("/").text == "Bearer 1"
        now += 530
        assert client.get("/").text == "Bearer 1"
        now += 20
        assert client.get("/").text == "Bearer 2"


def test_a_token_that_is_withdrawn_is_replaced_once() -> None:
    server = Server()
    with signed_in(server) as client:
        client.get("/")
        server.withdrawn = {"Bearer 1"}
        assert client.get("/").text == "Bearer 2"
        server.withdrawn = {"Bearer 2", "Bearer 3"}
        assert client.get("/").status_code == 401
    assert server.issued == 3


def test_a_refused_sign_in_is_the_answer() -> None:
    with signed_in(Server(), "wrong") as client:
        answer = client.get("/")
    assert (answer.status_code, answer.url.path) == (401, "/api/token")


async def test_an_asynchronous_client_is_signed_in_alike() -> None:
    auth = SignedIn("http://issuer.example", "ann", "right")
    transport = httpx2.MockTransport(Server())
    async with httpx2.AsyncClient(auth=auth, transport=transport, base_url="http://api.example") as client:
        assert (await client.get("/")).text == "Bearer 1"
