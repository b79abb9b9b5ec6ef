"""Settings of every process that checks access tokens."""

from pydantic import Field
from pydantic_settings import BaseSettings

# Without a slash at its end, so that a path can follow.
ADDRESS = r"^https?://[^\s?#]*[^\s?#/]$"


class AuthSettings(BaseSettings):
    """Mixed into a service's settings, beside `ServiceSettings`."""

    auth_issuer: str = Field(
        "http://127.0.0.1:8000",
        validation_alias="AUTH_ISSUER",
        pattern=ADDRESS,
        description="What `iss` of a token must be, to the letter; without a slash at its end.",
    )
    auth_jwks_url: str = Field(
        "http://127.0.0.1:8000/.well-known/jwks.json",
        validation_alias="AUTH_JWKS_URL",
        pattern=ADDRESS,
        description="Where the issuer's public keys are.",
    )
    auth_audience: str = Field("team-suite", validation_alias="AUTH_AUDIENCE", min_length=1)
