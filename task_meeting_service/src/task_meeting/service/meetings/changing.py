"""The one place that changes meetings: rows, the times they take place, and events together."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from service_kit import outbox
from service_kit.db import WriteSession
from task_meeting.events import Recipient
from task_meeting.models import Meeting, MeetingResponse
from task_meeting.queries import meetings as queries
from task_meeting.queries import occurrences
from task_meeting.queries.meetings import Asked, GuestRow
from task_meeting.service.meetings import occurring
from task_meeting.service.meetings.schedules import SCHEDULED
from task_meeting.service.meetings.telling import News, events, recipient, shown


async def announce(session: WriteSession, news: Sequence[News]) -> None:
    """Tell what has become of meetings, each another one, however many it is at once.

    Each change that is told raises the meeting's `sequence` and `version`; being scheduled is sequence 0.
    """
    now = datetime.now(UTC)
    for it in news:
        if it.news != "meeting.scheduled.v1":
            it.meeting.sequence += 1
            _touch(it.meeting, now)
    await session.flush()
    ids = [it.meeting.id for it in news]
    contexts = await queries.contexts(session, ids, now)
    guests = await queries.guests(session, ids)
    await outbox.emit(
        session,
        [
            event
            for it in news
            for event in events(it, contexts[it.meeting.id], guests.get(it.meeting.id, []))
        ],
    )


async def create(session: WriteSession, meeting: Meeting, asked: Asked) -> None:
    """Add a meeting, whose organizer has accepted it; all others who are asked are invited."""
    session.add(meeting)
    await session.flush()
    await queries.save_asked(session, meeting.id, Asked(), asked)
    session.add(
        MeetingResponse(
            meeting_id=meeting.id,
            user_oid=meeting.organizer_oid,
            status="accepted",
            responded_at=meeting.created_at,
        )
    )
    await occurring.place(session, meeting, meeting.created_at)
    guests = (await queries.guests(session, [meeting.id]))[meeting.id]
    told = _recipients([], guests, meeting.organizer_oid, stay=False)
    await announce(session, [News(meeting, "meeting.scheduled.v1", told, actor_oid=meeting.organizer_oid)])


async def change(
    session: WriteSession, meeting: Meeting, fields: Mapping[str, Any], asked: Asked, actor_oid: UUID
) -> None:
    """Change columns of a meeting, which was loaded FOR UPDATE, and who is asked to come to it.

    What is as it was makes no change. Those who stay are told of what an invitation shows; minutes are told
    to nobody.
    """
    asked_before = (await queries.list_asked(session, [meeting.id]))[meeting.id]
    guests_before = (await queries.guests(session, [meeting.id]))[meeting.id]
    shown_before = shown(meeting)
    differing = {name for name, value in fields.items() if getattr(meeting, name) != value}
    for name in differing:
        setattr(meeting, name, fields[name])
    await queries.save_asked(session, meeting.id, asked_before, asked)
    if differing & set(SCHEDULED):
        await occurring.place(session, meeting, datetime.now(UTC))
    shown_now = shown(meeting)
    before = {name: value for name, value in shown_before.items() if value != shown_now[name]}
    news = bool(before) or "agenda" in differing
    guests = (await queries.guests(session, [meeting.id]))[meeting.id]
    told = _recipients(guests_before, guests, actor_oid, stay=news)
    if news or told:
        await announce(session, [News(meeting, "meeting.changed.v1", told, before, actor_oid)])
    elif differing or asked != asked_before:
        _touch(meeting, datetime.now(UTC))
        await session.flush()


async def cancel(session: WriteSession, meeting: Meeting, actor_oid: UUID) -> None:
    """Cancel a meeting, which was loaded FOR UPDATE: it stays, takes nobody's time, and reminds nobody."""
    meeting.status = "cancelled"
    meeting.cancelled_at = datetime.now(UTC)
    meeting.occurrences_until = None
    await occurrences.stop_reminding(session, meeting.id)
    guests = (await queries.guests(session, [meeting.id]))[meeting.id]
    told = _recipients(guests, [], actor_oid, stay=False)
    await announce(session, [News(meeting, "meeting.cancelled.v1", told, actor_oid=actor_oid)])


def _recipients(
    before: Sequence[GuestRow], now: Sequence[GuestRow], actor_oid: UUID, *, stay: bool
) -> list[Recipient]:
    """Who is told what: those who are new or gone, and if `stay`, those who stay; never the actor."""
    were, are = {guest.oid for guest in before}, {guest.oid for guest in now}
    new = [recipient(guest, "invite") for guest in now if guest.oid not in were]
    stayed = [recipient(guest, "update") for guest in now if stay and guest.oid in were]
    gone = [recipient(guest, "cancel") for guest in before if guest.oid not in are]
    return [it for it in [*new, *stayed, *gone] if it.oid != actor_oid]


def _touch(meeting: Meeting, now: datetime) -> None:
    meeting.version += 1
    meeting.updated_at = now
