"""Faults, row 21, on the real issuer and the real verifiers: its keys change, and it goes away."""

import base64
import json

import pytest

from harness import children
from harness.rest import Rest
from harness.suite import Suite
from harness.waiting import until


class Issuer:
    """Who signs tokens, for somebody who may run its commands."""

    def __init__(self, running: Suite) -> None:
        self._stack = running.stack

    def token(self) -> str:
        """A new one of the administrator."""
        names = {"username": "DJANGO_SUPERUSER_USERNAME", "password": "DJANGO_SUPERUSER_PASSWORD"}
        form = {field: self._stack.variables[name] for field, name in names.items()}
        answer = Rest(self._stack.variables["AUTH_ISSUER"]).ask("POST", "/api/token", data=form)
        return answer.raise_for_status().json()["access_token"]

    def do(self, *command: str) -> None:
        done = children.run(self._stack, "user_team", "signing_keys", *command)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def issuer(running: Suite) -> Issuer:
    return Issuer(running)


@pytest.fixture
def accepts(running: Suite):
    """Whether the task service takes a token; it may only take it or answer 401."""
    api = Rest(running.url("TASK_MEETING_API_PORT"))

    def accepts(token: str) -> bool:
        answer = api.ask("GET", "/api/projects/", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in {200, 401}, answer.text
        return answer.status_code == 200

    return accepts


def header_of(token: str) -> dict:
    part = token.partition(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def forged(token: str) -> str:
    """The same claims and signature, by a key that nobody has."""
    header = json.dumps(header_of(token) | {"kid": "nobody-has-it"}).encode()
    return f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{token.partition('.')[2]}"


def test_keys_change_without_a_gap_and_outlive_the_issuer(running: Suite, issuer, accepts):
    """A new key is known within 10 s, the old one stays until it is withdrawn, and no other is ever taken.

    While the issuer is away, the keys that are known go on. An unknown key makes the service ask anew,
    once in 10 s: here that shortens the half a minute after which it asks by itself.
    """
    old = issuer.token()
    assert accepts(old)
    issuer.do("rotate")
    new = issuer.token()
    assert header_of(new)["kid"] != header_of(old)["kid"]
    until(lambda: accepts(new), "the new key is accepted", timeout_s=10)
    assert accepts(old)

    running.stack.hold("user-team")
    try:
        assert accepts(new)
        assert not accepts(forged(new))
    finally:
        running.stack.release("user-team")
        running.stack.wait_ready("user-team")

    issuer.do("withdraw", header_of(old)["kid"])

    def is_refused() -> bool:
        assert not accepts(forged(new))
        return not accepts(old)

    until(is_refused, "the withdrawn key is refused", timeout_s=32, poll_s=0.2)
    assert accepts(new)
