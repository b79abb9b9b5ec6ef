"""What is known of a mail by now becomes what it says. Pure: no database, no clock."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from notification.mail.letter import Letter
from notification.service.truth import Row, kind_now


def letter_of(mail: Row, members: Sequence[Row], now: datetime) -> Letter:
    """What a mail says; `mail` and its `members` are rows of `queries.due`.

    A digest of one is that one, as a mail of its own.
    """
    letter = Letter(
        id=mail["id"],
        kind=kind_now(mail),
        subject=mail["subject"],
        user_oid=mail["user_oid"],
        message_id=mail["message_id"],
        name=mail["name"],
        address=mail["recipient"],
        locale=mail["locale"],
        time_zone=mail["time_zone"],
        committed_at=mail["committed_at"],
        now=now,
        payload=mail["payload"],
        members=[letter_of(member, (), now) for member in members],
    )
    if len(letter.members) != 1:
        return letter
    (only,) = letter.members
    return replace(letter, kind=only.kind, subject=only.subject, payload=only.payload, members=())
