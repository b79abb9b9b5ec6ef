"""What is to be said to whom: all that a mail is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

Details = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, not yet put into words.

    Attributes:
        id: the notification's.
        kind: the name of the folder with its templates.
        message_id: with its angle brackets; the same at every attempt.
        name: of the person, as they wrote it: not yet safe for a header.
        address: one e-mail address, as they wrote it.
        locale: `ru`, `en` or anything else, which falls back to the default.
        time_zone: an IANA name or None.
        committed_at: when the change was made, aware.
        before: project_name, team_name and application_url before the change; None: there was nothing.
        after: the same after it.
    """

    id: UUID
    kind: str
    message_id: str
    name: str
    address: str
    locale: str | None
    time_zone: str | None
    committed_at: datetime
    before: Details | None
    after: Details | None
