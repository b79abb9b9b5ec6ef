"""The last check of a mail: is it still true, and still news? Pure: no database, no clock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from notification.kinds import CLOSING, Choice, Delivery, Kind, traits
from notification.states import Source

Row = Mapping[str, Any] | RowMapping


def why_void(mail: Row, *, now: datetime, oldest_news: datetime) -> str | None:
    """Why a mail must not be sent after all, or None.

    `mail` is a row of `queries.due`. What was news, or was asked for again, before `oldest_news` is void.
    """
    if _is_old(mail, now=now, oldest_news=oldest_news):
        return "it could not be sent before it was old news"
    if mail["inactive"] and traits(mail["kind"]).choice is not Choice.ALWAYS:
        return "the person has no account any more"
    if mail["source"] != Source.ASSIGNMENTS and mail["outdated"]:
        return "newer news of the same took its place"
    if mail["kind"] in CLOSING:
        return None if _knows(mail) else "the person never heard of it"
    if mail["source"] == Source.ASSIGNMENTS:
        return _why_void_assignment(mail)
    return "the person has no assignment any more" if mail["gone"] else None


def kind_now(mail: Row) -> str:
    """What a mail is to its reader: to whom a changed meeting is a new one, they are invited, if they let."""
    kind: str = mail["kind"]
    if kind != Kind.MEETING_CHANGED or _knows(mail):
        return kind
    return kind if choice(mail, Kind.INVITED).get("delivery") == Delivery.OFF else Kind.INVITED


def choice(mail: Row, kind: str) -> Mapping[str, str]:
    """What a mail's reader chose for a kind, as `preference.kinds` has it; empty if nothing."""
    return (mail["choices"] or {}).get(kind, {})


def _is_old(mail: Row, *, now: datetime, oldest_news: datetime) -> bool:
    if mail["expires_at"] is not None and mail["expires_at"] <= now:
        return True
    return (mail["resent_at"] or mail["committed_at"]) < oldest_news


def _why_void_assignment(mail: Row) -> str | None:
    if mail["outdated"] or mail["ended"]:
        return "the assignment has ended meanwhile"
    if mail["holder"] != mail["user_oid"]:
        return "the assignment has gone to somebody else meanwhile"
    return None


def _knows(mail: Row) -> bool:
    """Whether the person knows of the subject, by what they may have been told before this mail."""
    if mail["told"] is not None:
        return mail["told"] not in CLOSING
    # Without a beginning among the mails it lies before them.
    return not mail["opened"]
