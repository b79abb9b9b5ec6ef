"""Calendar mail (iMIP, RFC 6047): what makes mail programs show an invitation, not a file.

Google, Outlook and Thunderbird look for a `text/calendar` part among the alternatives, whose parameter
`method` must equal the object's METHOD (section 2.4); Outlook looks nowhere but in the first child of
`multipart/mixed`. Other programs want a file, which is the second child.
"""

import re
from dataclasses import dataclass

from notification.mail.letter import Letter
from notification.mail.mime import Message, file_part, text_part

_METHOD = re.compile(r"(?m)^METHOD:(REQUEST|CANCEL)\r?$")
_LINE_END = re.compile(r"\r?\n")


@dataclass(frozen=True, slots=True)
class CalendarObject:
    """A ready iCalendar object with its method."""

    text: str
    method: str

    def add_to(self, message: Message) -> None:
        """Make `text + html` into `mixed[alternative[text, html, calendar], invite.ics]`."""
        parameters = f"; method={self.method}; component=VEVENT"
        # Never base64, which some programs do not look into.
        message.alternatives.append(text_part("calendar", self.text, parameters=parameters, base64=False))
        file = _LINE_END.sub("\r\n", self.text).encode()
        message.files.append(file_part("application/ics", "invite.ics", file))


def calendar_of(letter: Letter) -> CalendarObject | None:
    """What a letter brings for the calendar, if anything."""
    text = letter.payload.get("calendar") or ""
    found = _METHOD.search(text)
    return None if found is None else CalendarObject(text, found[1])
