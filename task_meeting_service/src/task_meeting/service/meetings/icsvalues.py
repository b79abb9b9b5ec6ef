"""What people wrote, as values that can do no harm in an iCalendar object (RFC 5545, 3.3)."""

import re
from urllib.parse import quote

from icalendar import vCalAddress, vText, vUri

# No content line has them (RFC 5545, 3.1), and some programs end lines at those of Unicode.
_LINE_ENDS = re.compile("\r\n|[\r\n\v\f\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
# What addresses and URIs hold as it is (RFC 6068, 2; RFC 3986, 2.2).
_IN_ADDRESS, _IN_URI = "@!$'*+", "%:/?#[]@!$&'()*+,;="


class Text(vText):
    r"""A text of many lines. The library's own takes `\N`, as in `C:\New`, for the end of a line."""

    def to_ical(self) -> bytes:
        """Escaped (3.3.11)."""
        return re.sub(r"([\\;,])", r"\\\1", self).replace("\n", r"\n").encode()


def text(value: str) -> Text:
    """Text without control characters; all ends of lines are the same."""
    return Text(_CONTROLS.sub("", _LINE_ENDS.sub("\n", value)))


def line(value: str) -> Text:
    """Text of one line."""
    return Text(text(value).replace("\n", " "))


def address(name: str, email: str, **parameters: str) -> vCalAddress:
    """Somebody's address; a name cannot hold double quotes (3.2)."""
    common_name = line(name).replace('"', "'")
    return vCalAddress(f"mailto:{quote(email, _IN_ADDRESS)}", params={"CN": common_name, **parameters})


def uri(link: str) -> vUri:
    """A link, with whatever URIs do not hold encoded."""
    return vUri(quote(link, _IN_URI), params={"VALUE": "URI"})
