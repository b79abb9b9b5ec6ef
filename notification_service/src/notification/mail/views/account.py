"""A person's own account: what only they should change, or have changed."""

from collections.abc import Mapping
from typing import Any

from notification.kinds import Kind
from notification.mail.clean import clean_name, mask_address
from notification.mail.letter import Letter
from notification.mail.reader import Reader
from notification.mail.views.view import Row, View

Account = Mapping[str, Any]


def view_account(letter: Letter, reader: Reader) -> View:
    """Another address, or other rights: what was and what is."""
    account = letter.payload["account"]
    of_address = letter.kind == Kind.EMAIL_CHANGED
    rows = [_address(account, reader)] if of_address else _access(account, reader)
    return View(
        topic=reader.gettext("Security"),
        title=clean_name(letter.name),
        rows=rows,
        why=reader.gettext(
            "Team Suite sends this message to everybody whose account changes, so that nobody else changes it"
            " unnoticed. Replies to it are not read."
        ),
        tone="urgent",
        words={} if of_address else _turned(account),
    )


def _address(account: Account, reader: Reader) -> Row:
    """The new one is masked: who reads the old mailbox need not learn it."""
    return Row(
        reader.gettext("E-mail address"), clean_name(account["old_email"]), mask_address(account["new_email"])
    )


def _access(account: Account, reader: Reader) -> list[Row]:
    return [
        Row(
            reader.gettext("Access"),
            _state(account["was_active"], reader),
            _state(account["is_active"], reader),
        ),
        Row(reader.gettext("Role"), _role(account["old_role"], reader), _role(account["role"], reader)),
    ]


def _turned(account: Account) -> Mapping[str, bool]:
    is_active, was_active = bool(account["is_active"]), bool(account["was_active"])
    return {"switched_off": was_active and not is_active, "switched_on": is_active and not was_active}


def _state(active: object, reader: Reader) -> str:
    return reader.gettext("switched on") if active else reader.gettext("switched off")


def _role(word: str, reader: Reader) -> str:
    words = {
        "employee": reader.gettext("employee"),
        "manager": reader.gettext("manager"),
        "admin": reader.gettext("administrator"),
    }
    return words.get(word) or clean_name(word)
