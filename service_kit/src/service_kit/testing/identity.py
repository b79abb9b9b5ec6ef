"""An issuer of access tokens that needs no server: tests sign in with it."""

import json
import secrets
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jwt
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from service_kit.auth import AuthSettings, TokenAuthenticator
from service_kit.auth.tokens import ALGORITHM, TYPE

_CONTRACT = Path(__file__).resolve().parents[4] / "contracts" / "permissions.yaml"
_LIFETIME_S = 600


class Identity:
    """Signs tokens with a key of its own, with exactly the claims that the identity service puts in them.

    Making one takes a good part of a second, for the key: share it between tests.
    """

    __test__ = False

    def __init__(self, issuer: str | None = None, audience: str | None = None) -> None:
        """Issuer and audience are those of `AuthSettings`, unless given."""
        settings = AuthSettings()
        self.issuer = issuer or settings.auth_issuer
        self.audience = audience or settings.auth_audience
        self.kid = secrets.token_hex(8)
        self.private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def jwks(self) -> dict[str, Any]:
        """The public key as the issuer's key set shows it."""
        key = json.loads(RSAAlgorithm.to_jwk(self.private_key.public_key()))
        return {"keys": [{**key, "kid": self.kid, "alg": ALGORITHM, "use": "sig", "key_ops": ["verify"]}]}

    def authenticator(self) -> TokenAuthenticator:
        """What an app checks these tokens with; it asks nobody for the key."""
        return TokenAuthenticator(self, self.issuer, self.audience)

    async def find(self, kid: str) -> rsa.RSAPublicKey | None:
        """Implements `service_kit.auth.tokens.Keys`."""
        return self.private_key.public_key() if kid == self.kid else None

    @contextmanager
    def key_server(self) -> Iterator[str]:
        """Serve the key set on this machine while the block lasts: gives the address, for `AUTH_JWKS_URL`."""
        document = json.dumps(self.jwks).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(HTTPStatus.OK)
                self.end_headers()
                self.wfile.write(document)

            def log_message(self, *_: object) -> None: ...

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/jwks.json"
            finally:
                server.shutdown()
                thread.join()

    async def ready(self) -> None:
        """Implements `service_kit.auth.tokens.Keys`: it always is."""

    def token(
        self,
        oid: UUID | None = None,
        role: str = "employee",
        permissions: Collection[str] | None = None,
        **claims: Any,
    ) -> str:
        """A token of the person `oid` (somebody new, unless given), valid for ten minutes.

        `permissions` are those that the contract gives to the role, unless given. `claims` replace others;
        one that is None is left out.
        """
        return self.sign({**self.claims(oid, role, permissions), **claims})

    def headers(
        self,
        oid: UUID | None = None,
        role: str = "employee",
        permissions: Collection[str] | None = None,
        **claims: Any,
    ) -> dict[str, str]:
        """The header of a request with such a token; the arguments are those of `token`."""
        return {"Authorization": f"Bearer {self.token(oid, role, permissions, **claims)}"}

    def claims(
        self, oid: UUID | None = None, role: str = "employee", permissions: Collection[str] | None = None
    ) -> dict[str, Any]:
        """What `token` signs."""
        oid = oid or uuid4()
        now = int(time.time())
        username = f"user-{oid.hex[-12:]}"
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": str(oid),
            "jti": uuid4().hex,
            "iat": now,
            "nbf": now,
            "exp": now + _LIFETIME_S,
            "client_id": "tests",
            "scope": "openid",
            "token_use": "access",
            "username": username,
            "name": "Ann",
            "surname": "Example",
            "email": f"{username}@company.example",
            "role": role,
            "permissions": sorted(permissions_of(role) if permissions is None else permissions),
        }

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Sign any claims; `header` replaces or adds parts of the header, and None leaves one out."""
        given = {name: value for name, value in claims.items() if value is not None}
        parts = {"kid": self.kid, "typ": TYPE, **header}
        return jwt.encode(given, self.private_key, algorithm=ALGORITHM, headers=parts)


@cache
def permissions_of(role: str) -> frozenset[str]:
    """What a role may do by contracts/permissions.yaml, unless an administrator changes it."""
    contract = yaml.safe_load(_CONTRACT.read_text(encoding="utf-8"))
    return frozenset(entry["name"] for entry in contract["permissions"] if role in entry["roles"])
