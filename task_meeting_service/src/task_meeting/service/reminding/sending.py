"""Sending reminders, once: the rows that make each one, and the events, in the caller's transaction."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit import outbox
from service_kit.db import WriteSession
from service_kit.outbox import Event
from task_meeting.events import Recipient, reminder_event
from task_meeting.metrics import REMINDERS_SENT
from task_meeting.queries import reminders as queries
from task_meeting.queries.reminders import Key
from task_meeting.schemas.base import iso_ms
from task_meeting.service.reminding.planning import Due

# As many people as one event names.
MAX_RECIPIENTS = 500


@dataclass(frozen=True, slots=True)
class Reminder:
    """What is due, and whom to remind; `about` is the event's `task` or `meeting`."""

    subject_oid: UUID
    due_at: datetime
    due: Due
    about: Mapping[str, Any]
    recipients: Sequence[Recipient]

    def key(self, recipient: Recipient) -> Key:
        """What makes it one reminder of this person."""
        return Key(self.subject_oid, recipient.oid, self.due.kind, self.due_at, self.due.occasion)

    def event(self, recipients: Sequence[Recipient]) -> Event:
        """The event for some of the people."""
        data = {
            "kind": self.due.kind,
            "task": None,
            "meeting": None,
            **self.about,
            "due_at": iso_ms(self.due_at),
            "expires_at": iso_ms(self.due.expires_at),
            "recipients": [it.told() for it in recipients],
        }
        return reminder_event(self.subject_oid, data)


async def send(session: WriteSession, reminders: Sequence[Reminder], now: datetime) -> Counter[str]:
    """Remind people; whoever was reminded of the same before is left out. How many of each kind are new."""
    keys = [it.key(recipient) for it in reminders for recipient in it.recipients]
    if not keys:
        return Counter()
    new = await queries.add(session, keys, now)
    await outbox.emit(session, list(_events(reminders, new)))
    return Counter(key.kind for key in new)


def count(sent: Counter[str]) -> None:
    """Tell the metrics, when the transaction has committed."""
    for kind, people in sent.items():
        REMINDERS_SENT.labels(kind).inc(people)


def _events(reminders: Sequence[Reminder], new: set[Key]) -> Iterator[Event]:
    untold = set(new)
    for it in reminders:
        recipients = [recipient for recipient in it.recipients if it.key(recipient) in untold]
        # Two times of a meeting that were moved together are one reminder.
        untold.difference_update(map(it.key, recipients))
        for first in range(0, len(recipients), MAX_RECIPIENTS):
            yield it.event(recipients[first : first + MAX_RECIPIENTS])
