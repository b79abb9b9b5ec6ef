"""Who is in the company: everybody, and what becomes of them."""

from uuid import UUID

from msgspec import Struct

from notification.events.fields import Name, Time, Word
from service_kit.business import BusinessEvent, business_event_decoder

ACCOUNT_TOPIC = "account-bus"
ACCOUNT_DELETED = "account.deleted.v1"


class Account(Struct, kw_only=True):
    """A person's whole state. `updated_at`: since when it is so, however often it is said."""

    uid: UUID
    username: Name
    name: Name
    surname: Name
    email: Name
    role: Word
    is_active: bool
    locale: Word
    time_zone: Word
    updated_at: Time

    @property
    def full_name(self) -> str:
        """First name and surname, or else the name to sign in with."""
        return f"{self.name} {self.surname}".strip() or self.username


AccountEvent = BusinessEvent[Account]

decode_account = business_event_decoder(
    dict.fromkeys(("account.created.v1", "account.updated.v1", ACCOUNT_DELETED), Account)
)
