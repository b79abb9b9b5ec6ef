"""What is due."""

from collections.abc import Callable, Iterable

from msgspec import to_builtins

from notification.events import Recipient, ReminderDue
from notification.service.subjects.forms import Payload


def those_due(*kinds: str) -> Callable[[ReminderDue], Iterable[Recipient]]:
    """Those whom a reminder of one of these kinds names."""
    return lambda due: due.recipients if due.kind in kinds else []


def due(news: ReminderDue) -> Payload:
    told = to_builtins(news)
    return {name: told[name] for name in ("task", "meeting", "due_at") if told[name] is not None}
