"""Meetings and tasks as iCalendar objects (RFC 5545, 5546 and 7986): invitations, cancellations, a feed.

What is written is a function of what is given, to the byte: nothing looks at a clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vDuration, vRecur

from task_meeting.service.meetings import icsvalues as values
from task_meeting.service.meetings.times import Exceptional, Schedule, last_end, moment, rrule
from task_meeting.service.meetings.vtimezones import vtimezone

# How often subscribers look for news, unless they know better.
_REFRESH = timedelta(hours=1)
# For how many years a series without end has its time zone's rules.
_AHEAD = 10
# In characters: how long guests are, and from where on agenda, link and guests stay with the series, lest an
# object gets too large for an event or a mail by repeating them for each occurrence that was moved.
_GUEST, _LARGE = 150, 100_000


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody with a calendar."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who was asked to come, and what they answered."""

    name: str
    email: str
    status: Literal["needs-action", "accepted", "declined", "tentative"] = "needs-action"


@dataclass(frozen=True, slots=True)
class CalendarMeeting:
    """All that calendars show of a meeting. `created_at` and `updated_at` are aware."""

    oid: UUID
    title: str
    agenda: str
    place: str | None
    link: str | None
    schedule: Schedule
    organizer: Party
    guests: Sequence[Guest]
    cancelled: bool
    sequence: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CalendarTask:
    """All that calendars show of a task with a deadline (aware). `project` is the name of its project."""

    oid: UUID
    title: str
    project: str | None
    deadline: datetime
    state: Literal["open", "done", "cancelled"]
    version: int
    created_at: datetime
    updated_at: datetime


def request(meeting: CalendarMeeting) -> str:
    """An invitation, or news of the meeting, for all who are asked (METHOD:REQUEST; RFC 5546, 3.2.2)."""
    calendar = _calendar()
    calendar.add("METHOD", "REQUEST")
    _add(calendar, [meeting], meeting.updated_at)
    return calendar.to_ical().decode()


def cancel(meeting: CalendarMeeting, guests: Sequence[Guest]) -> str:
    """That the meeting does not take place for these guests (METHOD:CANCEL; RFC 5546, 3.2.5).

    They are all, if it is cancelled. Else they are those who are no longer asked, and there is no STATUS,
    which would cancel it for everybody.
    """
    calendar = _calendar()
    calendar.add("METHOD", "CANCEL")
    series = replace(meeting, guests=guests, schedule=replace(meeting.schedule, exceptions=()))
    _add(calendar, [series], meeting.updated_at)
    if not meeting.cancelled:
        del calendar.events[0]["STATUS"]
    return calendar.to_ical().decode()


def feed(
    name: str, meetings: Sequence[CalendarMeeting], tasks: Sequence[CalendarTask], now: datetime
) -> bytes:
    """Somebody's calendar called `name`, to subscribe to: without a METHOD, as nobody is asked for anything.

    What is cancelled stays, as cancelled. Of `now`, which is aware, only the year counts.
    """
    calendar = _calendar()
    # RFC 7986, 5.1 and 5.7, and what programs understood before it.
    calendar.add("NAME", values.line(name))
    calendar.add("X-WR-CALNAME", values.line(name))
    calendar.add("REFRESH-INTERVAL", _REFRESH, {"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", vDuration(_REFRESH))
    _add(calendar, meetings, now)
    for task in tasks:
        calendar.add_component(_task(task))
    return calendar.to_ical()


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("PRODID", "-//Team Suite//Calendar//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    return calendar


def _add(calendar: Calendar, meetings: Sequence[CalendarMeeting], now: datetime) -> None:
    """The meetings, after the time zones that they refer to."""
    events = [event for meeting in meetings for event in _events(meeting)]
    used = {event["DTSTART"].params.get("TZID") for event in events}
    years = _years([meeting.schedule for meeting in meetings], now)
    for name in sorted(years.keys() & used):
        calendar.add_component(vtimezone(name, *years[name]))
    for event in events:
        calendar.add_component(event)


def _years(schedules: Iterable[Schedule], now: datetime) -> dict[str, tuple[int, int]]:
    """The years that concern each time zone."""
    years: dict[str, tuple[int, int]] = {}
    for schedule in schedules:
        starts = [schedule.start, *(one.start for one in schedule.exceptions if one.start)]
        end = last_end(schedule)
        latest = end.year if end else max(schedule.start.year, now.year) + _AHEAD
        before = years.get(schedule.time_zone, (latest, latest))
        first = min(start.year for start in starts)
        years[schedule.time_zone] = (min(first, before[0]), max(latest, before[1]))
    return years


def _events(meeting: CalendarMeeting) -> list[Event]:
    """The series, and its occurrences that differ (RFC 5545, 3.8.4.4)."""
    schedule = meeting.schedule
    series = _event(meeting)
    _place(series, schedule, schedule.start, schedule.duration)
    if rule := rrule(schedule):
        series.add("RRULE", vRecur.from_ical(rule))
    if removed := [_local(schedule, one.original_start) for one in schedule.exceptions if not one.start]:
        series.add("EXDATE", removed)
    moved = [(one, one.start) for one in schedule.exceptions if one.start]
    repeated = len(meeting.agenda) + len(meeting.link or "") + _GUEST * len(meeting.guests)
    if len(moved) * repeated > _LARGE:
        meeting = replace(meeting, agenda="", link=None, guests=())
    return [series, *(_moved(meeting, one, start) for one, start in moved)]


def _moved(meeting: CalendarMeeting, exception: Exceptional, start: datetime) -> Event:
    event = _event(meeting)
    event.add("RECURRENCE-ID", _local(meeting.schedule, exception.original_start))
    _place(event, meeting.schedule, start, exception.duration or meeting.schedule.duration)
    return event


def _event(meeting: CalendarMeeting) -> Event:
    """All but when it is."""
    event = _entry(f"meeting-{meeting.oid}", meeting.title, meeting.sequence, meeting)
    _describe(event, meeting)
    event.add("ORGANIZER", values.address(meeting.organizer.name, meeting.organizer.email))
    for guest in meeting.guests:
        event.add("ATTENDEE", _attendee(guest, meeting.organizer))
    event.add("STATUS", "CANCELLED" if meeting.cancelled else "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT" if meeting.cancelled else "OPAQUE")
    return event


def _entry(name: str, title: str, sequence: int, entry: CalendarMeeting | CalendarTask) -> Event:
    event = Event()
    event.add("UID", f"{name}@team-suite")
    event.add("SUMMARY", values.line(title))
    event.add("SEQUENCE", sequence)
    event.add("DTSTAMP", entry.updated_at)
    event.add("CREATED", entry.created_at)
    event.add("LAST-MODIFIED", entry.updated_at)
    return event


def _describe(event: Event, meeting: CalendarMeeting) -> None:
    """The link stands in texts, too: few programs show the properties that are meant for it."""
    if description := "\n\n".join(filter(None, (meeting.agenda, meeting.link))):
        event.add("DESCRIPTION", values.text(description))
    if location := meeting.place or meeting.link:
        event.add("LOCATION", values.line(location))
    if meeting.link:
        event.add("URL", values.uri(meeting.link))
        event.add("CONFERENCE", values.uri(meeting.link))


def _attendee(guest: Guest, organizer: Party) -> vCalAddress:
    return values.address(
        guest.name,
        guest.email,
        CUTYPE="INDIVIDUAL",
        ROLE="CHAIR" if guest.email == organizer.email else "REQ-PARTICIPANT",
        PARTSTAT=guest.status.upper(),
        RSVP="TRUE" if guest.status == "needs-action" else "FALSE",
    )


def _place(event: Event, schedule: Schedule, start: datetime, duration: timedelta) -> None:
    """From when to when it is.

    With DURATION where an end in local time would be read in two ways: when the clock changes in between.
    """
    event.add("DTSTART", _local(schedule, start))
    end = (moment(start, schedule.time_zone) + duration).astimezone(ZoneInfo(schedule.time_zone))
    if schedule.all_day or end.replace(tzinfo=None) == start + duration:
        event.add("DTEND", _local(schedule, start + duration))
    else:
        event.add("DURATION", duration)


def _local(schedule: Schedule, local: datetime) -> date:
    return local.date() if schedule.all_day else _aware(schedule, local)


def _aware(schedule: Schedule, local: datetime) -> datetime:
    return local.replace(tzinfo=ZoneInfo(schedule.time_zone))


def _task(task: CalendarTask) -> Event:
    """A task as an entry that takes no time, at its deadline."""
    title = f"\N{CHECK MARK} {task.title}" if task.state == "done" else task.title
    event = _entry(f"task-{task.oid}", title, task.version, task)
    event.add("DTSTART", task.deadline.astimezone(UTC))
    if task.project:
        event.add("DESCRIPTION", values.line(task.project))
    event.add("STATUS", "CANCELLED" if task.state == "cancelled" else "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT")
    return event
