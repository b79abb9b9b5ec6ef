"""What is to be said to whom: all that a mail is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, not yet put into words.

    Attributes:
        id: the notification's.
        kind: the name of the folder with its templates.
        subject: what it is about, such as `meeting:<oid>`; the part before the colon chooses the view.
        user_oid: the person.
        message_id: with its angle brackets; the same at every attempt.
        name: of the person, as they wrote it: not yet safe for a header.
        address: one e-mail address, as they wrote it.
        locale: `ru`, `en` or anything else, which falls back to the default.
        time_zone: an IANA name or None.
        committed_at: when the change was made, aware.
        now: when it is handed over, aware: what "in an hour" is reckoned from.
        payload: what it says, as its rule gave it.
        members: of a digest: the mails that it brings.
    """

    id: UUID
    kind: str
    subject: str
    user_oid: UUID
    message_id: str
    name: str
    address: str
    locale: str | None
    time_zone: str | None
    committed_at: datetime
    now: datetime
    payload: Mapping[str, Any]
    members: Sequence["Letter"] = ()
