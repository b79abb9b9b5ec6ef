"""Access tokens at the HTTP edge: `Authorization: Bearer …` (RFC 6750)."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from fastapi import Request, Security
from fastapi.security import HTTPBearer

from service_kit.auth.caller import Caller
from service_kit.auth.challenge import Forbidden

# Only for the API page: the check itself reads the header.
_SCHEME = HTTPBearer(
    auto_error=False, bearerFormat="JWT", description="An access token of `POST /api/token`."
)


class Authenticator(Protocol):
    """Tells who sent a request."""

    async def ready(self) -> None:
        """A check for readiness: raises `NotReadyError` while nobody can be recognised."""
        ...

    async def caller(self, request: Request) -> Caller:
        """Raises `Unauthorized` unless the request has exactly one valid access token."""
        ...


def require(permission: str | None = None) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency that gives the `Caller`; 401 without a valid token, 403 without the permission.

    The app has an `Authenticator` as `app.state.authenticator`.
    """

    async def check(request: Request, _: object = Security(_SCHEME)) -> Caller:
        authenticator: Authenticator = request.app.state.authenticator
        caller = await authenticator.caller(request)
        if permission is not None and not caller.may(permission):
            raise Forbidden(permission)
        return caller

    return check
