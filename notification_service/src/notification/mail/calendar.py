"""Calendar mail (iMIP, RFC 6047): what makes mail programs show an invitation, not a file.

Google, Outlook and Thunderbird look for a `text/calendar` part among the alternatives, whose parameter
`method` must equal the object's METHOD (section 2.4); Outlook looks nowhere but in the first child of
`multipart/mixed`. Other programs want a file, which is the second child.
"""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

from notification.mail.letter import Letter

_METHOD = re.compile(r"(?m)^METHOD:(REQUEST|CANCEL)\r?$")
_LINE_END = re.compile(r"\r?\n")
# Of a folded line, in octets (RFC 5545, section 3.1).
_MAX_LINE = 75


@dataclass(frozen=True, slots=True)
class CalendarObject:
    """A ready iCalendar object with its method."""

    text: str
    method: str

    def add_to(self, message: EmailMessage) -> None:
        """Make `text + html` into `mixed[alternative[text, html, calendar], invite.ics]`."""
        message.add_alternative(
            self.text,
            subtype="calendar",
            cte=self._encoding,
            params={"method": self.method, "component": "VEVENT"},
        )
        message.add_attachment(
            _LINE_END.sub("\r\n", self.text).encode(),
            maintype="application",
            subtype="ics",
            filename="invite.ics",
            params={"name": "invite.ics"},
        )

    @property
    def _encoding(self) -> Literal["7bit", "quoted-printable"]:
        """Never base64, which some programs do not look into."""
        short = all(len(line) <= _MAX_LINE for line in _LINE_END.split(self.text))
        return "7bit" if short and self.text.isascii() else "quoted-printable"


def calendar_of(letter: Letter) -> CalendarObject | None:
    """What a letter brings for the calendar, if anything."""
    text = letter.payload.get("calendar") or ""
    found = _METHOD.search(text)
    return None if found is None else CalendarObject(text, found[1])
