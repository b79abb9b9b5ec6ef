"""What Kafka carries to the notifier."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from service_kit.cdc import RowChange, row_change_decoder

ASSIGNMENT_TOPIC = "django_db.public.teams_userassignment"

# Longer than anything that the source can hold, and short enough to be indexed, rendered and mailed.
_Name = Annotated[str, Meta(max_length=500)]
_Word = Annotated[str, Meta(max_length=100)]
_Url = Annotated[str, Meta(max_length=4000)]


class AssignmentRow(RowChange, kw_only=True):
    """A row of `teams_userassignment`: only the columns that a mail can be about.

    The optional ones may be missing altogether, as they were added to the source's table later.
    """

    id: int
    project_id: int
    project_name: _Name
    team_id: int | UnsetType | None = UNSET
    team_name: _Name | UnsetType | None = UNSET
    user_oid: UUID
    user_name: _Name
    user_email: _Name
    user_locale: _Word | UnsetType | None = UNSET
    user_time_zone: _Word | UnsetType | None = UNSET
    application_url: _Url | UnsetType | None = UNSET


decode_assignment = row_change_decoder(AssignmentRow)
