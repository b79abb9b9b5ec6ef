"""Who calls, and what they may do: access tokens are checked here, against the issuer's public keys."""

from service_kit.auth.caller import Caller
from service_kit.auth.http import Authenticator, require

__all__ = ["Authenticator", "Caller", "require"]
