"""A REST interface, as a client of the suite sees it."""

from collections.abc import Callable
from typing import Any

import httpx2

from harness.waiting import until

Json = Any


class Rest:
    """GET, and GET until the answer is what is waited for."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str, **query: object) -> Json | None:
        """The answer's JSON, or None for 404."""
        response = httpx2.get(f"{self._url}{path}", params=query, timeout=30)
        if response.status_code == httpx2.codes.NOT_FOUND:
            return None
        return response.raise_for_status().json()

    def text(self, path: str) -> str:
        return httpx2.get(f"{self._url}{path}", timeout=30).raise_for_status().text

    def wait(self, path: str, shows: Callable[[Json], object], **query: object) -> Json:
        """Ask until the answer shows what is expected, and return that answer."""

        def ask() -> Json | None:
            answer = self.get(path, **query)
            return answer if answer is not None and shows(answer) else None

        return until(ask, f"{path} shows what was done")
