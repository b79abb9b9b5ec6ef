"""Access tokens for whoever asks the suite's APIs: got by name and password, renewed before they end.

Also when one is refused, once: its key may have been withdrawn.
"""

import time
from collections.abc import Generator, Mapping
from typing import TypeAlias, TypeVar

import httpx2

T = TypeVar("T")
Flow: TypeAlias = Generator[httpx2.Request, httpx2.Response, T]
"""Requests to be sent, for whose answers it waits."""

_RENEW_SECONDS = 60.0
"""How long before its end a token is replaced: an answer may take as long as that."""


class SignedIn(httpx2.Auth):
    """Sends every request of a client, plain or asynchronous, with one person's access token.

    A refused sign-in is not hidden: its answer is the request's.
    """

    requires_response_body = True

    def __init__(self, issuer: str, username: str, password: str) -> None:
        """`issuer`: the address of the admin's server, where `/api/token` is."""
        self._address = f"{issuer}/api/token"
        self._credentials = {"username": username, "password": password}
        self._token = ""
        self._renew_at = 0.0

    @classmethod
    def superuser(cls, variables: Mapping[str, str]) -> "SignedIn":
        """The first administrator of a stack with these variables."""
        return cls(
            variables["AUTH_ISSUER"],
            variables["DJANGO_SUPERUSER_USERNAME"],
            variables["DJANGO_SUPERUSER_PASSWORD"],
        )

    def auth_flow(self, request: httpx2.Request) -> Flow[None]:
        """Ask for a token first, if there is none that is good for a while."""
        is_new = time.monotonic() > self._renew_at
        if is_new and not (yield from self._renew()):
            return
        answer = yield self._signed(request)
        if answer.status_code == httpx2.codes.UNAUTHORIZED and not is_new and (yield from self._renew()):
            yield self._signed(request)

    def _renew(self) -> Flow[bool]:
        answer = yield httpx2.Request("POST", self._address, data=self._credentials)
        if answer.is_success:
            given = answer.json()
            self._token = given["access_token"]
            self._renew_at = time.monotonic() + given["expires_in"] - _RENEW_SECONDS
        return answer.is_success

    def _signed(self, request: httpx2.Request) -> httpx2.Request:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request
