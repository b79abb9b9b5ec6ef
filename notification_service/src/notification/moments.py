"""When something begins or ends, as events write it: a time with an offset, or a day of no zone."""

from datetime import MAXYEAR, MINYEAR, date, datetime

Moment = date | datetime


def parse_moment(text: str) -> Moment:
    """A date such as 2026-11-23, or a time with an offset (RFC 3339).

    Raises:
        ValueError: it is neither, or so far away that no zone could show it.
    """
    if len(text) == len("2026-11-23"):
        return date.fromisoformat(text)
    time = datetime.fromisoformat(text)
    if time.tzinfo is None or not MINYEAR < time.year < MAXYEAR:
        raise ValueError(f"not a moment: {text}")
    return time
