"""Access tokens: JWTs as RFC 9068 profiles them, with what services want to know of the caller."""

import json
import uuid
from typing import Any

from django.conf import settings
from django.utils import timezone
from jwcrypto.jwt import JWT
from oauthlib.common import Request

from user_team.identity import keys
from user_team.identity.models import Application
from user_team.identity.permissions import SERVICE, effective_permissions
from user_team.users.models import User

TYPE = "at+jwt"  # an ID token has `JWT`, so neither passes for the other (RFC 9068, section 2.1)


def for_oauth(request: Request, *_: Any) -> str:
    """What the OAuth endpoints hand out: a person's token, or, without one, the application's own."""
    about = about_person(request.user) if request.user else about_service(request.client)
    return sign(about, client_id=request.client.client_id, scope=" ".join(request.scopes or ()))


def sign(about: dict[str, Any], *, client_id: str, scope: str) -> str:
    """A signed token about a caller, good from now on for `lifetime_s` seconds.

    Raises:
        keys.UnreadableKeyError: there is no key to sign with.
    """
    now = int(timezone.now().timestamp())
    claims = {
        "iss": settings.AUTH_ISSUER,
        "aud": settings.AUTH_AUDIENCE,
        "jti": uuid.uuid4().hex,
        "iat": now,
        "nbf": now,
        "exp": now + lifetime_s(),
        "client_id": client_id,
        "scope": scope,
        "token_use": "access",
        **about,
    }
    key = keys.signing_key()
    token = JWT(
        header={"typ": TYPE, "alg": keys.ALGORITHM, "kid": key.thumbprint()}, claims=json.dumps(claims)
    )
    token.make_signed_token(key)
    return token.serialize()


def lifetime_s() -> int:
    """How long an access token is good, in seconds."""
    return settings.OAUTH2_PROVIDER["ACCESS_TOKEN_EXPIRE_SECONDS"]


def about_person(person: User) -> dict[str, Any]:
    """Who a person is and what they may do, as of now."""
    return {
        "sub": str(person.oid),
        "username": person.username,
        "name": person.first_name,
        "surname": person.last_name,
        "email": person.email,
        "role": person.role,
        "permissions": effective_permissions(person),
    }


def about_service(application: Application) -> dict[str, Any]:
    """The same of an application that acts for itself."""
    granted = application.permissions.order_by("codename").values_list("codename", flat=True)
    return {
        "sub": str(application.oid),
        "username": application.client_id,
        "name": application.name,
        "surname": "",
        "email": "",
        "role": SERVICE,
        "permissions": list(granted),
    }
