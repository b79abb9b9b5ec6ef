"""Why a request was refused, for clients: `WWW-Authenticate` (RFC 6750, section 3)."""

from http import HTTPStatus

from service_kit.http.problem import Problem

MISSING = "Bearer"
INVALID = 'Bearer error="invalid_token"'


class Unauthorized(Problem):
    """Nobody knows who calls."""

    def __init__(self, detail: str, challenge: str) -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": challenge})


class Forbidden(Problem):
    """The caller is known, and may not do this."""

    def __init__(self, permission: str) -> None:
        challenge = f'Bearer error="insufficient_scope", scope="{permission}"'
        super().__init__(
            HTTPStatus.FORBIDDEN,
            f"This needs the permission {permission}.",
            headers={"WWW-Authenticate": challenge},
        )
