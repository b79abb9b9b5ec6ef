"""Rows of `teams_userassignment`: who is in which project and team."""

from uuid import UUID

from msgspec import UNSET, UnsetType

from notification.events.fields import Name, Url, Word
from service_kit.cdc import RowChange, row_change_decoder

ASSIGNMENT_TOPIC = "django_db.public.teams_userassignment"


class AssignmentRow(RowChange, kw_only=True):
    """A row: only the columns that a mail can be about.

    The optional ones may be missing altogether, as they were added to the source's table later.
    """

    id: int
    project_id: int
    project_name: Name
    team_id: int | UnsetType | None = UNSET
    team_name: Name | UnsetType | None = UNSET
    user_oid: UUID
    user_name: Name
    user_email: Name
    user_locale: Word | UnsetType | None = UNSET
    user_time_zone: Word | UnsetType | None = UNSET
    application_url: Url | UnsetType | None = UNSET
    # The import of a file that the row's last change was part of.
    import_oid: UUID | UnsetType | None = UNSET


decode_assignment = row_change_decoder(AssignmentRow)
