"""What Kafka carries to the notifier."""

from uuid import UUID

from msgspec import UNSET, UnsetType

from service_kit.cdc import RowChange, row_change_decoder

ASSIGNMENT_TOPIC = "django_db.public.teams_userassignment"


class AssignmentRow(RowChange, kw_only=True):
    """A row of `teams_userassignment`: only the columns that a mail can be about.

    The optional ones may be missing altogether, as they were added to the source's table later.
    """

    id: int
    project_id: int
    project_name: str
    team_id: int | UnsetType | None = UNSET
    team_name: str | UnsetType | None = UNSET
    user_oid: UUID
    user_name: str
    user_email: str
    user_locale: str | UnsetType | None = UNSET
    user_time_zone: str | UnsetType | None = UNSET
    application_url: str | UnsetType | None = UNSET


decode_assignment = row_change_decoder(AssignmentRow)
