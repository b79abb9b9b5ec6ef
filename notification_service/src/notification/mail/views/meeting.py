"""A meeting: as its news tells it, or one occurrence that is about to begin."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from notification.kinds import Kind
from notification.mail.clean import clean_lines, clean_name, safe_link
from notification.mail.letter import Letter
from notification.mail.reader import Reader, find_zone
from notification.mail.recurrence import in_words
from notification.mail.views.view import Row, Tone, View, link_to, name, same
from notification.moments import Moment, parse_moment

Details = Mapping[str, Any]
_AGENDA_LINES = 20
_TONES: Mapping[str, Tone] = {Kind.MEETING_REMINDER: "soon", Kind.MEETING_CANCELLED: "urgent"}


def view_meeting(letter: Letter, reader: Reader) -> View:
    """Title, time, place and people; of a change, also what was."""
    meeting = letter.payload["meeting"]
    changed = letter.payload["before"] if letter.kind == Kind.MEETING_CHANGED else {}
    old = {**meeting, **changed}
    goes = letter.kind != Kind.MEETING_CANCELLED
    url = safe_link(meeting["link"]) if goes else None
    organizer = clean_name(meeting.get("organizer", {}).get("name", ""))
    return View(
        topic=reader.gettext("Meeting"),
        title=clean_name(meeting["title"]),
        rows=[
            Row(reader.gettext("Meeting"), name(old["title"]), name(meeting["title"])),
            *_times(old, meeting, reader),
            *_series(old, meeting, reader),
            *(
                [same(reader.gettext("Single dates"), reader.gettext("changed"))]
                if "exceptions" in changed
                else []
            ),
            Row(reader.gettext("Place"), name(old["place"]), name(meeting["place"])),
            *([Row(reader.gettext("Link"), safe_link(old["link"]), url)] if "link" in changed else []),
            same(reader.gettext("Project"), name(meeting["project_name"])),
            same(reader.gettext("Team"), name(meeting.get("team_name"))),
            same(reader.gettext("Organizer"), organizer or None),
        ],
        why=_why(organizer, reader),
        tone=_TONES.get(letter.kind, "calm"),
        link=link_to(url, reader.gettext("Open the meeting's link")),
        agenda=clean_lines(meeting.get("agenda", ""), lines=_AGENDA_LINES) if goes else [],
        words={
            "organizer": organizer,
            "cancelled": meeting.get("status") == "cancelled",
            "left": _left(meeting, letter.now, reader),
        },
    )


def _times(old: Details, new: Details, reader: Reader) -> list[Row]:
    """When it is by the reader's clock; and by the meeting's own, if that is another."""
    was, now = (reader.span(*_ends(meeting)) for meeting in (old, new))
    rows = [Row(reader.gettext("When"), was, now)]
    zone = find_zone(new["time_zone"])
    if zone.key == reader.zone.key:
        return rows
    if new["all_day"]:
        return [*rows, same(reader.gettext("Time zone"), zone.key)]
    return [*rows, same(reader.gettext("Local time"), reader.span(*_ends(new), zone))]


def _series(old: Details, new: Details, reader: Reader) -> list[Row]:
    was, now = (_words(meeting, reader) for meeting in (old, new))
    rows = [Row(reader.gettext("Repeats"), was, now)]
    following = _next_time(new) if now else None
    if following and following[0] != parse_moment(new["start"]):
        rows.append(same(reader.gettext("Next time"), reader.span(*following)))
    return rows


def _next_time(meeting: Details) -> tuple[Moment, Moment] | None:
    start, end = meeting.get("next_start"), meeting.get("next_end")
    if not start or not end:
        return None
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    if not meeting["all_day"]:
        return first, last
    # Whole days are days of the meeting's zone, whatever the reader's is.
    zone = find_zone(meeting["time_zone"])
    return first.astimezone(zone).date(), last.astimezone(zone).date()


def _words(meeting: Details, reader: Reader) -> str | None:
    rule = meeting.get("recurrence")
    return in_words(rule, find_zone(meeting["time_zone"]), reader) if rule else None


def _left(meeting: Details, now: datetime, reader: Reader) -> str:
    start = parse_moment(meeting["start"])
    return reader.distance(start - now, ahead=True) if isinstance(start, datetime) else ""


def _why(organizer: str, reader: Reader) -> str:
    if not organizer:
        return reader.gettext(
            "Team Suite sent this message because you take part in this meeting. Replies to it are not read."
        )
    return reader.gettext(
        "Team Suite sent this message because it is about a meeting of yours. Replies go to %(organizer)s."
    ) % {"organizer": organizer}


def _ends(meeting: Details) -> tuple[Moment, Moment]:
    return parse_moment(meeting["start"]), parse_moment(meeting["end"])
