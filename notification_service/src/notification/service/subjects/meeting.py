"""A meeting that people are, or are no longer, asked to."""

from collections.abc import Callable

from msgspec import to_builtins

from notification.events import MeetingNews, Recipient
from notification.service.subjects.forms import Payload

# What a mail shows of it. The whole agenda is in the calendar object.
_AGENDA = 2000
_UNTOLD = ("recipients", "calendar", "before")


def those_to(action: str) -> Callable[[MeetingNews], list[Recipient]]:
    """Those to whom the news is this."""
    return lambda news: [guest for guest in news.recipients if guest.action == action]


def request(news: MeetingNews) -> Payload:
    return _meeting(news, news.calendar.request)


def cancellation(news: MeetingNews) -> Payload:
    return _meeting(news, news.calendar.cancel)


def _meeting(news: MeetingNews, calendar: str | None) -> Payload:
    told = to_builtins(news)
    meeting = {name: value for name, value in told.items() if name not in _UNTOLD}
    meeting["agenda"] = news.agenda[:_AGENDA]
    return {"meeting": meeting, "before": told["before"], "calendar": calendar}
