"""What Kafka carries to this service."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from service_kit.cdc import Change, RowChange, row_change_decoder

ASSIGNMENT_TOPIC = "django_db.public.teams_userassignment"

# What is indexed must stay below the 2704 bytes that a B-tree entry of PostgreSQL holds.
_Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
_Name = Annotated[str, Meta(max_length=500)]
_Word = Annotated[str, Meta(max_length=100)]
_Url = Annotated[str, Meta(max_length=4000)]
_Time = Annotated[datetime, Meta(tz=True)]


class AssignmentRow(RowChange, kw_only=True):
    """A row of `teams_userassignment`; its copies of names and e-mail make it say everything.

    The columns that may be missing were added to the source's table later.
    """

    id: _Id
    project_id: _Id
    team_id: _Id | None
    user_id: _Id
    project_name: _Name
    team_name: _Name | None
    user_oid: UUID
    user_email: _Name
    user_name: _Name
    user_role: _Word
    project_oid: UUID
    team_oid: UUID | None
    application_url: _Url | UnsetType | None = UNSET
    user_locale: _Word | UnsetType | None = UNSET
    user_time_zone: _Word | UnsetType | None = UNSET
    created_at: _Time | UnsetType | None = UNSET


AssignmentChange = Change[AssignmentRow]
decode_assignment = row_change_decoder(AssignmentRow)
