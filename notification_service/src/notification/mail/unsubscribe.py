"""Links by which a reader says "no more of these" without signing in: whoever has the mail may."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from notification.kinds import Delivery, Kind, deliveries

# What follows it is a secret.
LINKS = "/unsubscribe/"


class UnsubscribeTokenError(Exception):
    """The token is none of ours, or of nothing that somebody could unsubscribe from."""


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """Who wants no more of which kinds."""

    user_oid: UUID
    kinds: tuple[Kind, ...]


class Links:
    """Makes and reads the links, which are good for as long as the secret that they were signed with."""

    def __init__(self, public_url: str, secrets: Sequence[str]) -> None:
        """`public_url` is the API's address as people reach it; the first secret signs, all verify.

        Raises:
            ValueError: there is no secret.
        """
        if not secrets:
            raise ValueError("NOTIFICATION_UNSUBSCRIBE_SECRETS is empty: links could not be signed")
        self._prefix = f"{public_url}{LINKS}"
        self._serializer = URLSafeSerializer(
            # The library signs with the last one.
            list(reversed(secrets)),
            salt="notification.unsubscribe",
            signer_kwargs={"key_derivation": "hmac", "digest_method": sha256},
        )

    def url(self, user_oid: UUID, kinds: Collection[Kind]) -> str:
        """The link of a mail to this person, of these kinds: the same each time."""
        return f"{self._prefix}{self._serializer.dumps([user_oid.hex, *sorted(kinds)])}"

    def read(self, token: str) -> Unsubscription:
        """What the link's last part says.

        Raises:
            UnsubscribeTokenError: see there.
        """
        try:
            user_oid, *names = self._serializer.loads(token)
        except BadData:
            raise UnsubscribeTokenError from None
        # A link outlives the kinds that there are, and what may be chosen for them.
        kinds = tuple(kind for kind in Kind if kind in names and may_refuse(kind))
        if not kinds:
            raise UnsubscribeTokenError
        return Unsubscription(UUID(user_oid), kinds)


def may_refuse(kind: Kind) -> bool:
    """Whether its readers may switch it off."""
    return Delivery.OFF in deliveries(kind)
