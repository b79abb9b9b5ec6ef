"""A JSON Web Key Set (RFC 7517): how it is fetched, and which of its keys are believed."""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import httpx2
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import InvalidKeyError
from jwt.algorithms import RSAAlgorithm

TIMEOUT_S = 2.0
MAX_BYTES = 65_536
MAX_KEYS = 20
_BITS = range(2048, 8193)
_MAX_KID = 200


class KeysError(Exception):
    """The issuer's answer is no key set."""


class _Document(msgspec.Struct):
    keys: list[dict[str, Any]]


async def fetch(url: str) -> bytes:
    """The document at `url`: an answer of 200, in time and small. Redirects are not followed.

    Raises:
        KeysError, TimeoutError, httpx2.HTTPError: there is none.
    """
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    # The client's own time-outs begin anew with each byte.
    async with (
        asyncio.timeout(TIMEOUT_S),
        httpx2.AsyncClient(verify=_tls(), trust_env=False, headers=headers) as client,
        client.stream("GET", url, follow_redirects=False) as response,
    ):
        if response.status_code != HTTPStatus.OK:
            raise KeysError(f"status {response.status_code}")
        return await _read(response)


async def _read(response: httpx2.Response) -> bytes:
    document = b""
    async for part in response.aiter_raw():
        document += part
        if len(document) > MAX_BYTES:
            raise KeysError("too large")
    return document


def public_keys(document: bytes) -> Mapping[str, RSAPublicKey]:
    """The keys in `document` that may sign tokens, by name; all others are passed over.

    Raises:
        KeysError, msgspec.DecodeError: it is no key set.
    """
    keys = msgspec.json.decode(document, type=_Document).keys
    if len(keys) > MAX_KEYS:
        raise KeysError("too many keys")
    return {jwk["kid"]: key for jwk in keys if (key := _public_key(jwk)) is not None}


def _public_key(jwk: Mapping[str, Any]) -> RSAPublicKey | None:
    """An RSA key with a name that is meant for RS256 signatures."""
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= _MAX_KID:
        return None
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", "RS256") != "RS256":
        return None
    try:
        key = RSAAlgorithm.from_jwk(dict(jwk))
    except (InvalidKeyError, ValueError, TypeError):
        return None
    # A private key that is shown to the world is no secret any more.
    return key if isinstance(key, RSAPublicKey) and key.key_size in _BITS else None


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the system's certificates takes longer than asking for the keys."""
    return ssl.create_default_context()
