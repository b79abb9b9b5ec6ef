"""Access tokens: JWTs as RFC 9068 profiles them, signed with RS256 by the suite's issuer.

Nothing in a token chooses how it is checked: not its `alg`, and none of the headers that name or bring a key.
"""

from typing import Literal, Protocol
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from fastapi import Request

from service_kit.auth.caller import Caller
from service_kit.auth.challenge import INVALID, MISSING, Unauthorized
from service_kit.metrics import TOKENS_REFUSED

ALGORITHM = "RS256"
TYPE = "at+jwt"
# Clocks of two machines differ by this much at most.
LEEWAY_S = 10
MAX_TOKEN = 8_192
# In the request's scope: the `Caller`, or why there is none.
OUTCOME = "authentication"
_REQUIRED = ("iss", "aud", "sub", "jti", "iat", "nbf", "exp", "client_id")


class Keys(Protocol):
    """Where the issuer's public keys come from."""

    async def find(self, kid: str) -> RSAPublicKey | None:
        """The key of this name, or None when the issuer has no such key.

        Raises:
            KeysAwayError: no keys are known and none can be had now.
        """
        ...

    async def ready(self) -> None:
        """Raises `NotReadyError` while no token can be checked."""
        ...


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    """Closed, so that `crit`, `jku`, `x5u`, `jwk` and the like end the matter."""

    alg: Literal["RS256"]
    typ: Literal["at+jwt"]
    kid: str


class _Claims(msgspec.Struct):
    sub: UUID
    iat: int
    nbf: int
    exp: int
    token_use: Literal["access"]
    username: str
    role: str
    permissions: list[str]


class TokenAuthenticator:
    """Implements `Authenticator` for bearer tokens of one issuer and audience."""

    def __init__(self, keys: Keys, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    async def ready(self) -> None:
        """A check for readiness: raises `NotReadyError` while no token can be checked."""
        await self._keys.ready()

    async def caller(self, request: Request) -> Caller:
        """Who sent the request; whoever asks again for the same one gets the same answer.

        Raises:
            Unauthorized: there is no token, more than one, or one that is not valid.
            KeysAwayError: no keys are known and none can be had now.
        """
        if OUTCOME not in request.scope:
            request.scope[OUTCOME] = await self._outcome(request)
        outcome: Caller | Unauthorized = request.scope[OUTCOME]
        if isinstance(outcome, Unauthorized):
            raise outcome
        return outcome

    async def _outcome(self, request: Request) -> Caller | Unauthorized:
        try:
            return await self._check(_bearer(request))
        except Unauthorized as refusal:
            return refusal
        except jwt.ExpiredSignatureError:
            return _refused("The access token has expired.")
        except (jwt.InvalidTokenError, msgspec.ValidationError):
            return _refused("The access token is not valid.")

    async def _check(self, token: str) -> Caller:
        header = msgspec.convert(jwt.get_unverified_header(token), _Header)
        key = await self._keys.find(header.kid)
        if key is None:
            raise jwt.InvalidTokenError
        payload = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=self._issuer,
            audience=self._audience,
            leeway=LEEWAY_S,
            options={"require": list(_REQUIRED)},
        )
        claims = msgspec.convert(payload, _Claims)
        return Caller(claims.sub, claims.username, claims.role, frozenset(claims.permissions))


def _bearer(request: Request) -> str:
    """The token of the only Authorization header (RFC 6750, section 2.1)."""
    given = request.headers.getlist("authorization")
    if not given:
        raise Unauthorized("This needs an access token.", MISSING)
    scheme, _, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer" or not 0 < len(token) <= MAX_TOKEN:
        raise _refused("This needs exactly one access token, as `Authorization: Bearer …`.")
    return token


def _refused(detail: str) -> Unauthorized:
    TOKENS_REFUSED.inc()
    return Unauthorized(detail, INVALID)
