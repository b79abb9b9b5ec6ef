"""What the templates show of a subject: a view for each sort of them, in the reader's words."""

from collections.abc import Callable, Mapping

from notification.mail.letter import Letter
from notification.mail.reader import Reader
from notification.mail.views.account import view_account
from notification.mail.views.assignment import view_assignment
from notification.mail.views.digest import view_digest
from notification.mail.views.meeting import view_meeting
from notification.mail.views.news import view_news
from notification.mail.views.request import view_message, view_order
from notification.mail.views.task import view_task
from notification.mail.views.view import View

_VIEWS: Mapping[str, Callable[[Letter, Reader], View]] = {
    "account": view_account,
    "assignment": view_assignment,
    "digest": view_digest,
    "meeting": view_meeting,
    "news": view_news,
    "order": view_order,
    "request": view_message,
    "task": view_task,
}


def view(letter: Letter, reader: Reader) -> View:
    """What the templates of a letter's kind are given."""
    return _VIEWS[letter.subject.partition(":")[0]](letter, reader)
