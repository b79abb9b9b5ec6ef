"""The life of signing keys: made, published, replaced, withdrawn.

Every token asks the database which key signs, so a rotation reaches all processes with the next token. Only
the decryption of a private key is remembered.
"""

import base64
import logging
from datetime import timedelta
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from jwcrypto.jwk import JWK

from user_team.identity.models import SigningKey

log = logging.getLogger(__name__)

ALGORITHM = "RS256"
_BITS = 2048
# Beyond a token's own life: clocks that differ, and requests that are being answered during a rotation.
_MARGIN = timedelta(minutes=2)
_LOCK = "SELECT pg_advisory_xact_lock(7638)"  # the RFC of the thumbprint; nobody else uses this number


class UnreadableKeyError(Exception):
    """The private key was encrypted under another USER_TEAM_SECRET_KEY; only a new key helps."""


class UnknownKeyError(Exception):
    """No published key has this name."""


def signing_key() -> JWK:
    """The private key that signs now; the first one is made here.

    Raises:
        UnreadableKeyError: it cannot be decrypted.
    """
    row = _signing().first() or _make_first()
    return _decrypted(row.private, settings.SECRET_KEY)


def published() -> list[dict[str, Any]]:
    """The public keys that tokens may be signed with now, the newest first, as JWKs (RFC 7517)."""
    if not _signing().exists():
        _make_first()
    return list(_live().order_by("-created_at").values_list("public", flat=True))


def rotate() -> SigningKey:
    """Make a new key, which signs at once; the one before stays until its last token has expired.

    Keys that are published no more are deleted.
    """
    with transaction.atomic():
        _lock()
        SigningKey.objects.filter(retires_at__lte=timezone.now()).delete()
        _signing().update(retires_at=timezone.now() + longest_life() + _MARGIN)
        return _make()


def withdraw(kid: str) -> SigningKey:
    """Stop publishing a key at once: no token that it signed is good any more. Gives the one that signs now.

    Raises:
        UnknownKeyError: no published key has this name.
    """
    with transaction.atomic():
        _lock()
        now = timezone.now()
        if not _live().filter(pk=kid).update(retires_at=now, withdrawn_at=now):
            raise UnknownKeyError(kid)
        log.warning("a signing key was withdrawn: %s", kid)
        return _signing().first() or _make()


def longest_life() -> timedelta:
    """How long a token may be good after it was signed."""
    options = settings.OAUTH2_PROVIDER
    return timedelta(seconds=max(options["ACCESS_TOKEN_EXPIRE_SECONDS"], options["ID_TOKEN_EXPIRE_SECONDS"]))


def _signing() -> QuerySet[SigningKey]:
    return SigningKey.objects.filter(retires_at=None)


def _live() -> QuerySet[SigningKey]:
    return SigningKey.objects.filter(Q(retires_at=None) | Q(retires_at__gt=timezone.now()))


def _make_first() -> SigningKey:
    with transaction.atomic():
        _lock()
        return _signing().first() or _make()


def _lock() -> None:
    """One process at a time changes which keys there are."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)


def _make() -> SigningKey:
    key = JWK.generate(kty="RSA", size=_BITS)
    kid = key.thumbprint()
    public = {**key.export_public(as_dict=True), "kid": kid, "use": "sig", "alg": ALGORITHM}
    pem = key.export_to_pem(private_key=True, password=None)
    log.info("a new signing key: %s", kid)
    private = _cipher(settings.SECRET_KEY).encrypt(pem).decode()
    return SigningKey.objects.create(kid=kid, public=public, private=private)


@lru_cache(maxsize=4)
def _decrypted(private: str, secret: str) -> JWK:
    try:
        pem = _cipher(secret).decrypt(private.encode())
    except InvalidToken:
        raise UnreadableKeyError(
            "USER_TEAM_SECRET_KEY is not the one that the signing key was encrypted under: rotate the keys."
        ) from None
    return JWK.from_pem(pem)


def _cipher(secret: str) -> Fernet:
    """Authenticated encryption under a key of its own, derived from the service's secret (RFC 5869)."""
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"user_team.identity signing keys")
    return Fernet(base64.urlsafe_b64encode(derive.derive(secret.encode())))
