"""A person's own account: where they are mailed, and what they may do."""

from dataclasses import dataclass

from notification.events import Recipient
from notification.service.subjects.forms import Payload, Row


@dataclass(frozen=True, slots=True)
class AccountNews:
    """A person before and after a change."""

    before: Row
    after: Row


def holder(news: AccountNews) -> list[Recipient]:
    return [_at(news.after["email"], news.after)]


def former_address(news: AccountNews) -> list[Recipient]:
    """Where the holder may be, if it was not they who changed it. Nobody, if there was none."""
    email = news.before["email"]
    return [_at(email, news.after)] if email else []


def addresses(news: AccountNews) -> Payload:
    return {"account": {"old_email": news.before["email"], "new_email": news.after["email"]}}


def access(news: AccountNews) -> Payload:
    before, after = news.before, news.after
    return {
        "account": {
            "role": after["role"],
            "old_role": before["role"],
            "is_active": after["is_active"],
            "was_active": before["is_active"],
        }
    }


def _at(email: str, row: Row) -> Recipient:
    return Recipient(
        oid=row["oid"], name=row["name"], email=email, locale=row["locale"], time_zone=row["time_zone"]
    )
