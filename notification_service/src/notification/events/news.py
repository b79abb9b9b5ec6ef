"""What organizations tell their people."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from notification.events.fields import Name, Text, Time
from notification.events.people import Person
from service_kit.business import BusinessEvent, business_event_decoder

NEWS_TOPIC = "news-bus"


class NewsItem(Struct, kw_only=True):
    """News of an organization or of one of its teams; `body` is plain text, in which line breaks count."""

    oid: UUID
    title: Name
    body: Text
    organization_name: Name
    team_name: Name | None
    published_at: Time
    recipients: Annotated[list[Person], Meta(max_length=500)]

    @property
    def subject(self) -> str:
        """The news, as the mails name it."""
        return f"news:{self.oid}"


NewsEvent = BusinessEvent[NewsItem]

decode_news = business_event_decoder({"news.published.v1": NewsItem})
