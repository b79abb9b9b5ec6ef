"""What events tell of meetings: all that a mailer needs, with ready calendar objects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from service_kit.outbox import Event
from task_meeting.events import MeetingNews, Recipient, meeting_event
from task_meeting.models import Meeting
from task_meeting.queries.meetings import Context, GuestRow
from task_meeting.schemas.base import iso_ms
from task_meeting.service.meetings import ics
from task_meeting.service.meetings.schedules import schedule_of, written

# As many people as one event, and one invitation, name.
MAX_RECIPIENTS = 500
# In JSON, without the rest of the event: less than `outbox.MAX_BYTES`.
MAX_BYTES = 900_000


@dataclass(frozen=True, slots=True)
class News:
    """What has become of a meeting, which was loaded FOR UPDATE in the same transaction.

    `before` holds what an invitation shows and was different; without an `actor_oid` the service itself
    changed it, by its rules.
    """

    meeting: Meeting
    news: MeetingNews
    recipients: Sequence[Recipient]
    before: Mapping[str, Any] = field(default_factory=dict)
    actor_oid: UUID | None = None


def recipient(guest: GuestRow, action: Any = None) -> Recipient:
    """A guest as events name them."""
    return Recipient(guest.oid, guest.name, guest.email, guest.locale, guest.time_zone, action)


def events(news: News, context: Context, guests: Sequence[GuestRow]) -> Iterator[Event]:
    """The events of news; `guests` are those who are asked now."""
    for first in range(0, max(len(news.recipients), 1), MAX_RECIPIENTS):
        yield from _sized(news, context, guests, news.recipients[first : first + MAX_RECIPIENTS])


def _sized(
    news: News, context: Context, guests: Sequence[GuestRow], recipients: Sequence[Recipient]
) -> Iterator[Event]:
    """The event for these recipients; too large, it names no other guests, and then there are several."""
    data = {
        **_told(news, context),
        "recipients": [it.told() for it in recipients],
        "calendar": _calendar(news.meeting, context, guests, recipients),
    }
    oids = {it.oid for it in recipients}
    theirs = [guest for guest in guests if guest.oid in oids]
    half = len(recipients) // 2
    if len(msgspec.json.encode(data)) <= MAX_BYTES or (half == 0 and len(theirs) == len(guests)):
        yield meeting_event(news.news, news.meeting.oid, data)
    elif len(theirs) < len(guests):
        yield from _sized(news, context, theirs, recipients)
    else:
        yield from _sized(news, context, theirs, recipients[:half])
        yield from _sized(news, context, theirs, recipients[half:])


def calendar_meeting(meeting: Meeting, context: Context, guests: Sequence[GuestRow]) -> ics.CalendarMeeting:
    """The meeting as calendars show it."""
    return ics.CalendarMeeting(
        oid=meeting.oid,
        title=meeting.title,
        agenda=meeting.agenda,
        place=meeting.place,
        link=meeting.link,
        schedule=schedule_of(meeting),
        organizer=ics.Party(context.organizer_name, context.organizer_email),
        guests=[_guest(guest) for guest in guests],
        cancelled=meeting.status == "cancelled",
        sequence=meeting.sequence,
        created_at=meeting.created_at,
        updated_at=meeting.updated_at,
    )


def shown(meeting: Meeting) -> dict[str, Any]:
    """What an invitation shows and `before` tells of, in JSON."""
    texts = {"title": meeting.title, "place": meeting.place, "link": meeting.link}
    return texts | written(schedule_of(meeting))


def _told(news: News, context: Context) -> dict[str, Any]:
    meeting = news.meeting
    fields = shown(meeting)
    del fields["exceptions"]
    return fields | {
        "oid": str(meeting.oid),
        "agenda": meeting.agenda,
        "project_oid": _text(meeting.project_oid),
        "project_name": context.project_name,
        "team_oid": _text(meeting.team_oid),
        "team_name": context.team_name,
        "organizer": {
            "oid": str(context.organizer_oid),
            "name": context.organizer_name,
            "email": context.organizer_email,
        },
        "next_start": _instant(context.next_start),
        "next_end": _instant(context.next_end),
        "status": meeting.status,
        "sequence": meeting.sequence,
        "version": meeting.version,
        "before": dict(news.before),
        "actor_oid": _text(news.actor_oid),
    }


def _calendar(
    meeting: Meeting, context: Context, guests: Sequence[GuestRow], recipients: Sequence[Recipient]
) -> dict[str, str | None]:
    """The objects that these recipients need. Of too many guests, an invitation names who gets it."""
    invited = {it.oid for it in recipients if it.action != "cancel"}
    named = guests if len(guests) <= MAX_RECIPIENTS else [guest for guest in guests if guest.oid in invited]
    calendar = calendar_meeting(meeting, context, named)
    out = [ics.Guest(it.name, it.email) for it in recipients if it.action == "cancel"]
    return {
        "request": ics.request(calendar) if invited else None,
        "cancel": ics.cancel(calendar, out) if out else None,
    }


def _guest(guest: GuestRow) -> ics.Guest:
    # In iCalendar's words (RFC 5545, 3.2.12).
    return ics.Guest(
        guest.name, guest.email, "needs-action" if guest.status == "needs_action" else guest.status
    )


def _text(oid: UUID | None) -> str | None:
    return None if oid is None else str(oid)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else iso_ms(at)
