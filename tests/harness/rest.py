"""A REST interface, as a client of the suite sees it."""

from collections.abc import Callable
from typing import Any

import httpx2

from harness.waiting import until

Json = Any


class Rest:
    """What one person, or nobody in particular, asks of a server; also until the answer is as expected."""

    def __init__(self, url: str, auth: httpx2.Auth | None = None) -> None:
        """Without `auth` no token is sent."""
        self._url = url
        self._auth = auth

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """The answer, whatever it is; `options` are httpx2's."""
        return httpx2.request(method, f"{self._url}{path}", auth=self._auth, timeout=30, **options)

    def get(self, path: str, **query: object) -> Json | None:
        """The answer's JSON, or None for 404."""
        response = self.ask("GET", path, params=query)
        if response.status_code == httpx2.codes.NOT_FOUND:
            return None
        return response.raise_for_status().json()

    def text(self, path: str) -> str:
        return self.ask("GET", path).raise_for_status().text

    def wait(self, path: str, shows: Callable[[Json], object], **query: object) -> Json:
        """Ask until the answer shows what is expected, and return that answer."""

        def ask() -> Json | None:
            answer = self.get(path, **query)
            return answer if answer is not None and shows(answer) else None

        return until(ask, f"{path} shows what was done")
