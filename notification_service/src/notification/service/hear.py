"""What the events of the buses are about. Pure: no database, no clock."""

from datetime import datetime
from typing import TypeVar

from notification.events import MeetingEvent, ReminderEvent
from notification.service.intents import News
from notification.states import Source
from service_kit.business import BusinessEvent

D = TypeVar("D")

# Events have no version among rows; their place in Kafka orders those of one key.
_NO_EPOCH = 0


def meeting_news(event: MeetingEvent) -> News:
    """A meeting was scheduled, changed or cancelled."""
    return _news(event, Source.MEETINGS, event.data.subject)


def reminder_news(event: ReminderEvent) -> News:
    """A task or a meeting is due."""
    return _news(event, Source.REMINDERS, event.data.subject, expires_at=event.data.expires_at)


def _news(
    event: BusinessEvent[D], source: Source, subject: str, *, expires_at: datetime | None = None
) -> News:
    return News(
        type=event.type,
        source=source,
        subject=subject,
        epoch=_NO_EPOCH,
        lsn=event.message.offset,
        committed_at=event.created_at,
        data=event.data,
        expires_at=expires_at,
        uid=event.uid,
    )
