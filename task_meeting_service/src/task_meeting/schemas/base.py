"""The kinds of values that answers and requests are made of."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer


def iso_ms(moment: datetime) -> str:
    """ISO 8601, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[
    datetime,
    PlainSerializer(iso_ms, return_type=str),
    Field(description="ISO 8601, UTC, milliseconds.", examples=["2026-11-21T10:00:00.123Z"]),
]
UserOid = Annotated[UUID, Field(examples=["7d2f6c0e-58a1-4d0e-9d5c-0c1a6c1f3a11"])]
ProjectOid = Annotated[UUID, Field(examples=["2b1c9a7e-1f6d-4a55-8d34-5e7a9d0c2b22"])]
TeamOid = Annotated[UUID, Field(examples=["c3a4e5f6-7b8c-4d9e-a0b1-c2d3e4f5a633"])]
UserName = Annotated[str, Field(examples=["Анна Иванова"])]
Email = Annotated[str, Field(examples=["anna@company.example"])]
Role = Annotated[str, Field(examples=["employee"], description="employee, manager or admin.")]
ProjectName = Annotated[str, Field(examples=["Billing"])]
TeamName = Annotated[str, Field(examples=["Core"])]


class Schema(BaseModel):
    """Answers never change after they were made."""

    model_config = ConfigDict(frozen=True)
