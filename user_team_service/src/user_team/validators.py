"""What a text that people will read, and that ends up in e-mail headers, may contain."""

import unicodedata
from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

# Unicode general categories: control, format (zero-width and text-direction marks), surrogate, private use,
# unassigned, line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LAYOUT = "\t\n\r"

validate_http_url = URLValidator(schemes=["http", "https"])


def validate_line(value: str) -> None:
    """One line of visible characters; `ValidationError` for line breaks, NUL, zero-width marks and such."""
    if any(unicodedata.category(char) in _INVISIBLE for char in value):
        raise ValidationError(_("Line breaks and invisible characters are not allowed."), code="invisible")


def validate_text(value: str) -> None:
    """As `validate_line`, but tabs and line breaks are fine."""
    validate_line("".join(char for char in value if char not in _LAYOUT))


@cache
def time_zones() -> frozenset[str]:
    """Every IANA time zone this machine knows."""
    return frozenset(available_timezones())


def validate_time_zone(value: str) -> None:
    """An IANA name such as `Europe/Moscow`."""
    if value not in time_zones():
        raise ValidationError(_("“%(value)s” is not a time zone."), code="time_zone", params={"value": value})
