"""What the OpenID provider asks of this suite: who may still sign in, and what is said of them."""

import json
from typing import Any

from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request

from user_team.identity import grants, keys


class Validator(OAuth2Validator):
    """The library's rules, and two more: who cannot sign in gets nothing; an ID token is no access token."""

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        return super().validate_code(client_id, code, client, request, *args, **kwargs) and grants.may_use(
            request.user
        )

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        valid = super().validate_refresh_token(refresh_token, client, request, *args, **kwargs)
        return valid and grants.may_use(request.user)

    def validate_bearer_token(self, token: str | None, scopes: list[str], request: Request) -> bool:
        if not super().validate_bearer_token(token, scopes, request):
            return False
        return request.user is None or grants.may_use(request.user)

    def validate_jwt_bearer_token(self, token: str | None, scopes: list[str], request: Request) -> bool:
        """OAuthlib takes every JWT for an ID token; ours are access tokens."""
        return self.validate_bearer_token(token, scopes, request)

    def get_additional_claims(self, request: Request) -> dict[str, Any]:
        """The claims of ID token and userinfo; those whose scope was not granted are left out."""
        person = request.user
        return {
            "sub": str(person.oid),
            "name": str(person),
            "given_name": person.first_name,
            "family_name": person.last_name,
            "preferred_username": person.username,
            "locale": person.locale,
            "zoneinfo": person.time_zone,
            "email": person.email,
        }

    def _get_key_for_token(self, token: str) -> JWK | None:
        """The published key that an ID token says it is signed with: it may be older than the newest."""
        unverified = JWS()
        unverified.deserialize(token)
        kid = json.loads(unverified.objects["protected"]).get("kid")
        return next((JWK(**public) for public in keys.published() if public["kid"] == kid), None)
