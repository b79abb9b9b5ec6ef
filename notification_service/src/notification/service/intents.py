"""From news to mails to be written. Pure: no database, no clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from notification.events import Recipient
from notification.kinds import Kind
from notification.service.rules import rules_for
from notification.service.subjects.forms import Payload
from notification.states import Source

# An arbitrary constant: it makes the same news have the same mail, and so the same Message-ID.
_NAMESPACE = UUID("6f9d2a0e-3c55-4a35-9a0b-0f6a6e1c7d21")


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened, whoever told it.

    Attributes:
        type: what; `rules.py` says which mails it calls for.
        source: who told it.
        subject: what it is about, such as `meeting:<oid>`.
        epoch, lsn: its place among all that its source told of the subject.
        committed_at: when it happened, aware.
        data: what the rules read.
        expires_at: after this it tells nothing new; None: whenever it is.
        uid: of an event; the same one again is the same news. None: the place says which it is.
        import_oid: the import that it is a part of, if it is.
    """

    type: str
    source: Source
    subject: str
    epoch: int
    lsn: int
    committed_at: datetime
    data: Any
    expires_at: datetime | None = None
    uid: UUID | None = None
    import_oid: UUID | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """One mail to be written to one person.

    `recipient` is None for somebody who is to be looked up when it goes. `payload` holds all that it says:
    the person's name and zone, and what the rule gives.
    """

    id: UUID
    kind: Kind
    source: Source
    subject: str
    assignment_id: int | None
    user_oid: UUID
    epoch: int
    lsn: int
    committed_at: datetime
    expires_at: datetime | None
    recipient: str | None
    locale: str | None
    import_oid: UUID | None
    payload: Payload


def intents_of(news: News) -> list[Intent]:
    """The mails that news calls for."""
    intents: list[Intent] = []
    for rule in rules_for(news.type):
        if people := list(rule.recipients(news.data)):
            payload = rule.payload(news.data)
            intents += [_intent(news, rule.kind, person, payload) for person in people]
    return intents


def _intent(news: News, kind: Kind, person: Recipient, payload: Payload) -> Intent:
    about, _, number = news.subject.partition(":")
    return Intent(
        id=_id(news, kind, number, person.oid),
        kind=kind,
        source=news.source,
        subject=news.subject,
        assignment_id=int(number) if about == "assignment" else None,
        user_oid=person.oid,
        epoch=news.epoch,
        lsn=news.lsn,
        committed_at=news.committed_at,
        expires_at=news.expires_at,
        recipient=person.email,
        locale=person.locale,
        import_oid=news.import_oid,
        payload={"person": {"name": person.name, "time_zone": person.time_zone}, **payload},
    )


def _id(news: News, kind: Kind, number: str, person: UUID) -> UUID:
    """The same for the same news and person, wherever and whenever it is computed."""
    place = f"{number}:{news.epoch}:{news.lsn}:{kind}"
    return uuid5(_NAMESPACE, f"{news.uid or place}:{person}")
