"""What people say of tasks, as HTTP carries it."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from task_meeting.schemas.base import Moment, Schema, UserOid
from task_meeting.schemas.values import Strict

CommentOid = Annotated[UUID, Field(examples=["019aa5f1-77d0-7c31-9a52-2f4e5d6c7b88"])]


class Comment(Schema):
    """What somebody said of a task."""

    model_config = ConfigDict(from_attributes=True)

    oid: CommentOid
    author_oid: UserOid
    body: str = Field(description="Markdown.", examples=["The invoices of **October** are missing."])
    version: int = Field(description="Grows by one with every edit.", examples=[1])
    created_at: Moment
    updated_at: Moment


class NewComment(Strict):
    """What to say of a task."""

    body: str = Field(
        max_length=10_000,
        pattern=r"^[^\x00]*[^\s\x00][^\x00]*$",
        description="Markdown, and not only blanks. Whoever shows it as HTML has to sanitize it.",
        examples=["The invoices of **October** are missing."],
    )


class Comments(Schema):
    """A page of a task's comments, the oldest first."""

    comments: list[Comment]
    size: int = Field(examples=[50])
    next_cursor: str | None = Field(description="For the next page; null on the last one.", examples=[None])
