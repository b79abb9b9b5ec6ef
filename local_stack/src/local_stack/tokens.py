"""Access tokens for whoever asks the suite's APIs: got by name and password, renewed before they end."""

import time
from collections.abc import Generator, Mapping

import httpx2

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

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Ask for a token first, if there is none that is good for a while."""
        if time.monotonic() > self._renew_at:
            answer = yield httpx2.Request("POST", self._address, data=self._credentials)
            if not answer.is_success:
                return
            self._keep(answer.json())
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request

    def _keep(self, answer: Mapping[str, object]) -> None:
        self._token = str(answer["access_token"])
        self._renew_at = time.monotonic() + float(str(answer["expires_in"])) - _RENEW_SECONDS
