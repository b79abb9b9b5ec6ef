"""Several mails in one."""

from notification.mail.letter import Letter
from notification.mail.reader import Reader
from notification.mail.views.view import View


def view_digest(letter: Letter, reader: Reader) -> View:
    """Why they come together; what they say, their own views say."""
    window = letter.payload["window"]
    return View(
        topic=reader.gettext("Summary"),
        title="",
        rows=[],
        why=_why(window, reader),
        words={"window": window},
    )


def _why(window: str, reader: Reader) -> str:
    if window == "burst":
        return reader.gettext(
            "Team Suite put these messages together because many came at once. Replies to them are not read."
        )
    return reader.gettext(
        "Team Suite put these messages together because you asked for it in your preferences."
        " Replies to them are not read."
    )
