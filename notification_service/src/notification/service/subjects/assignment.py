"""An assignment that began, changed or ended."""

from dataclasses import dataclass

from notification.events import Recipient
from notification.service.subjects.forms import Payload, Row

_SHOWN = ("project_name", "team_name", "application_url")


@dataclass(frozen=True, slots=True)
class AssignmentNews:
    """An assignment before and after a change; None where there was or is none."""

    before: Row | None
    after: Row | None

    @property
    def row(self) -> Row:
        """The assignment that is, or was."""
        row = self.after or self.before
        assert row is not None, "news is about an assignment that is or was"
        return row


def its_person(news: AssignmentNews) -> list[Recipient]:
    row = news.row
    return [
        Recipient(
            oid=row["user_oid"],
            name=row["user_name"],
            email=row["user_email"],
            locale=row["user_locale"],
            time_zone=row["user_time_zone"],
        )
    ]


def both_ends(news: AssignmentNews) -> Payload:
    def shown(row: Row | None) -> Payload | None:
        return None if row is None else {column: row[column] for column in _SHOWN}

    return {"before": shown(news.before), "after": shown(news.after)}
