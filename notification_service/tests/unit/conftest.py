from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from notification.mail.letter import Letter
from notification.states import Kind

_BEFORE = {"project_name": "Atlas", "team_name": "Core", "application_url": None}
_AFTER = {"project_name": "Atlas", "team_name": "Web", "application_url": "https://hr.example/1?a=1&b=2"}
_ENDS = {
    Kind.ASSIGNED: (None, _AFTER),
    Kind.CHANGED: (_BEFORE, _AFTER),
    Kind.RENAMED: (_BEFORE, _AFTER),
    Kind.REMOVED: (_BEFORE, None),
}
_LETTER = Letter(
    id=UUID(int=1),
    kind=Kind.CHANGED,
    message_id="<1@team-suite.example>",
    name="Ann",
    address="ann@company.example",
    locale="en",
    time_zone="Europe/Moscow",
    committed_at=datetime(2026, 11, 21, 22, 30, tzinfo=UTC),
    before=_BEFORE,
    after=_AFTER,
)


@pytest.fixture(scope="session")
def letter():
    """Make a letter of a kind; anything of it may be changed."""

    def make(kind=Kind.CHANGED, **changed):
        before, after = _ENDS[kind]
        return replace(_LETTER, kind=kind, **{"before": before, "after": after, **changed})

    return make
