"""Who calls, and what they may do: access tokens are checked here, against the issuer's public keys."""

from service_kit.auth.caller import Caller
from service_kit.auth.http import Authenticator, require
from service_kit.auth.jwks import KeySet
from service_kit.auth.settings import AuthSettings
from service_kit.auth.tokens import TokenAuthenticator

__all__ = ["AuthSettings", "Authenticator", "Caller", "KeySet", "TokenAuthenticator", "require"]
