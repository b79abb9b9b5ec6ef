"""Which of several forms of an answer a client likes best (RFC 9110, section 12.5.1)."""

import re
from collections.abc import Sequence

# It begins with what is no blank: many blanks would else be gone through again from each of them.
_RANGE = re.compile(r"(?P<type>[^\s;,]+)\s*(?:;(?P<parameters>[^,]*))?")
_QUALITY = re.compile(r"(?:^|;)\s*q\s*=\s*(?P<value>[01](?:\.[0-9]{0,3})?)\s*(?:;|$)", re.IGNORECASE)


def choose(accept: str | None, offers: Sequence[str]) -> str:
    """The media type that the client likes best; the first offer when it likes several as much, or none.

    Args:
        accept: the header `Accept`.
        offers: what there is, the best form first.
    """
    ranges = dict(map(_read, _RANGE.finditer(accept or "*/*")))
    return max(offers, key=lambda offer: _liking(offer, ranges))


def _read(match: re.Match[str]) -> tuple[str, float]:
    quality = _QUALITY.search(match["parameters"] or "")
    return match["type"].lower(), float(quality["value"]) if quality else 1.0


def _liking(offer: str, ranges: dict[str, float]) -> float:
    """By the most specific range that the offer is in."""
    names = (offer, f"{offer.partition('/')[0]}/*", "*/*")
    return next((ranges[name] for name in names if name in ranges), 0.0)
