"""A task: what became of it, or that it is due."""

from collections.abc import Mapping
from datetime import datetime

from notification.kinds import Kind
from notification.mail.clean import clean_lines, clean_name
from notification.mail.letter import Letter
from notification.mail.reader import Reader, find_zone
from notification.mail.views.view import Row, Tone, View, name, same

_COMMENT_LINES = 20
_LONGEST_LINE = 1000
_TONES: Mapping[str, Tone] = {
    Kind.TASK_REMINDER: "soon",
    Kind.TASK_OVERDUE: "urgent",
    Kind.TASK_COMPLETED: "good",
}
# Who still has to do it: only to them it says how long they have.
_OPEN = (Kind.TASK_ASSIGNED, Kind.TASK_REMINDER, Kind.TASK_OVERDUE)


def view_task(letter: Letter, reader: Reader) -> View:
    """The task as it is; who did something to it, and what they said."""
    task = letter.payload["task"]
    return View(
        topic=reader.gettext("Task"),
        title=clean_name(task["title"]),
        rows=[
            same(reader.gettext("Task"), clean_name(task["title"])),
            same(reader.gettext("Project"), name(task["project_name"])),
            *_deadline(letter, reader),
            same(reader.gettext("Priority"), _priority(task["priority"], reader)),
            same(reader.gettext("Status"), _status(task["status"], reader)),
        ],
        why=_why(letter.kind, reader),
        tone=_TONES.get(letter.kind, "calm"),
        quote=clean_lines(letter.payload.get("comment") or "", lines=_COMMENT_LINES, longest=_LONGEST_LINE),
        words={"left": _left(letter, reader), "actor": name(letter.payload.get("actor_name"))},
    )


def _deadline(letter: Letter, reader: Reader) -> list[Row]:
    deadline = _moment(letter.payload["task"]["deadline"])
    if deadline is None:
        return []
    return [
        same(reader.gettext("Deadline"), reader.time(deadline)),
        *([_distance(deadline, letter.now, reader)] if letter.kind in _OPEN else []),
        *_elsewhere(deadline, letter.payload["task"]["deadline_time_zone"], reader),
    ]


def _left(letter: Letter, reader: Reader) -> str:
    deadline = _moment(letter.payload["task"]["deadline"])
    return "" if deadline is None else reader.distance(deadline - letter.now, ahead=True)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _distance(deadline: datetime, now: datetime, reader: Reader) -> Row:
    label = reader.gettext("Time left") if now < deadline else reader.gettext("Overdue")
    return same(label, reader.distance(deadline - now))


def _elsewhere(deadline: datetime, zone_name: str | None, reader: Reader) -> list[Row]:
    """The deadline by the clock that it was meant by, if that is another than the reader's."""
    zone = find_zone(zone_name)
    if zone_name is None or zone.key == reader.zone.key:
        return []
    there = f"{Reader(reader.locale, zone).time(deadline)}, {zone.key}"
    return [same(reader.gettext("Local time"), there)]


def _priority(word: str, reader: Reader) -> str:
    words = {
        "low": reader.gettext("low"),
        "normal": reader.gettext("normal"),
        "high": reader.gettext("high"),
        "urgent": reader.gettext("urgent"),
    }
    return words.get(word) or clean_name(word)


def _status(word: str, reader: Reader) -> str:
    """The statuses that projects have unless they choose their own, in words; those as they are."""
    words = {
        "new": reader.gettext("new"),
        "in_progress": reader.gettext("in progress"),
        "review": reader.gettext("in review"),
        "done": reader.gettext("done"),
        "cancelled": reader.gettext("cancelled"),
    }
    return words.get(word) or clean_name(word)


def _why(kind: str, reader: Reader) -> str:
    if kind in _OPEN:
        return reader.gettext(
            "Team Suite sent this message because this task is assigned to you. Replies to it are not read."
        )
    return reader.gettext(
        "Team Suite sent this message because you have to do with this task. Replies to it are not read."
    )
