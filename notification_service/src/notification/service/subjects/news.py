"""News of an organization or a team."""

from collections.abc import Iterable

from msgspec import to_builtins

from notification.events import NewsItem, Recipient
from notification.service.subjects.forms import Payload


def readers(news: NewsItem) -> Iterable[Recipient]:
    return news.recipients


def item(news: NewsItem) -> Payload:
    told = to_builtins(news)
    del told["recipients"]
    return {"news": told}
