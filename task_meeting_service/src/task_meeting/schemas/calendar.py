"""The secret link to somebody's calendar, as HTTP carries it."""

from pydantic import Field

from task_meeting.schemas.base import Moment, Schema


class CalendarLink(Schema):
    """Whether there is a link to the caller's calendar; the link itself was shown once."""

    active: bool
    created_at: Moment | None = Field(description="Since when; null when there is none.")


class NewCalendarLink(Schema):
    """A new link. Whoever knows it sees the calendar, so it is a secret like a password."""

    url: str = Field(
        description="To subscribe to in a calendar program. It is shown this once.",
        examples=["http://127.0.0.1:8005/api/calendar/mYq2c0Zs1h5Tn3xVtUe4kJfLr9dPbWgA7iOo8QyHvXE.ics"],
    )
    created_at: Moment
