"""Whom events name."""

from uuid import UUID

from msgspec import Struct

from notification.events.fields import Name, Word


class Recipient(Struct, kw_only=True):
    """Somebody to be mailed. `time_zone` is an IANA name.

    Whoever is named by the oid alone is looked up when the mail goes.
    """

    oid: UUID
    name: Name = ""
    email: Name | None = None
    locale: Word | None = None
    time_zone: Word | None = None


class Person(Recipient, kw_only=True):
    """Somebody of whom the event says all that a mail needs."""

    name: Name
    email: Name
