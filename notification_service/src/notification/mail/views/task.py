"""A task that is due."""

from datetime import datetime

from notification.mail.clean import clean_name
from notification.mail.letter import Letter
from notification.mail.reader import Reader, find_zone
from notification.mail.views.view import Row, View, name, same


def view_task(letter: Letter, reader: Reader) -> View:
    """What is due, and how long it still has or is late."""
    task = letter.payload["task"]
    deadline = datetime.fromisoformat(task["deadline"])
    return View(
        title=clean_name(task["title"]),
        rows=[
            same(reader.gettext("Task"), clean_name(task["title"])),
            same(reader.gettext("Project"), name(task["project_name"])),
            same(reader.gettext("Deadline"), reader.time(deadline)),
            *_elsewhere(deadline, task["deadline_time_zone"], reader),
            _distance(deadline, letter.now, reader),
            same(reader.gettext("Priority"), _priority(task["priority"], reader)),
        ],
        why=reader.gettext(
            "Team Suite sent this message because this task is assigned to you. Replies to it are not read."
        ),
        left=reader.distance(deadline - letter.now, ahead=True),
    )


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
