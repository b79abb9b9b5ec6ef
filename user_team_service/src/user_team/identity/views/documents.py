"""What verifiers and clients read without signing in: the keys, and where everything is."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from user_team.identity import keys

# Verifiers keep keys by rules of their own; whatever is in between must not hide a rotation for long.
_MAX_AGE_S = 10


@require_safe
def jwks(_request: HttpRequest) -> JsonResponse:
    """The public keys (RFC 7517)."""
    return _public({"keys": keys.published()})


@require_safe
def discovery(_request: HttpRequest) -> JsonResponse:
    """OpenID Connect Discovery 1.0, section 3. The issuer is configured: a Host header cannot change it."""
    return _public(
        {
            "issuer": settings.AUTH_ISSUER,
            "authorization_endpoint": _at("oauth2_provider:authorize"),
            "token_endpoint": _at("oauth2_provider:token"),
            "userinfo_endpoint": _at("oauth2_provider:user-info"),
            "revocation_endpoint": _at("oauth2_provider:revoke-token"),
            "introspection_endpoint": _at("oauth2_provider:introspect"),
            "end_session_endpoint": _at("oauth2_provider:rp-initiated-logout"),
            "jwks_uri": _at("jwks"),
            "scopes_supported": list(settings.OAUTH2_PROVIDER["SCOPES"]),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [keys.ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "claims_supported": [
                *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce"),
                *("name", "given_name", "family_name", "preferred_username", "locale", "zoneinfo", "email"),
            ],
        }
    )


def _at(name: str) -> str:
    return settings.AUTH_ISSUER + reverse(name)


def _public(document: dict[str, object]) -> JsonResponse:
    response = JsonResponse(document)
    response.headers["Cache-Control"] = f"public, max-age={_MAX_AGE_S}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
