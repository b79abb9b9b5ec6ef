"""Mails that other applications ask for: what their templates need, and the answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    ValidationError,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from notification.kinds import Kind
from notification.states import State

_LARGEST = 2**63 - 1
# One line, without outer blanks and control characters.
_ONE_LINE = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
_TEXT = r"^[^\x00]*[^\s\x00][^\x00]*$"
_ORDER = "0199f0c2-4d1a-7c3e-9b5f-2a6f4d9c1b42"


def _order_id(value: Any) -> int | str:
    """A number, or a UUID in its usual form; `true` is no number, nor is a text of digits."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LARGEST:
        return value
    try:
        return str(UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise ValueError("Neither a number from 1 on nor a UUID") from None


OrderId = Annotated[
    int | str,
    PlainValidator(_order_id),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": _LARGEST},
                {"type": "string", "format": "uuid"},
            ],
            "description": "The order's number or UUID.",
            "examples": [42, _ORDER],
        }
    ),
]
Recipient = Annotated[
    str,
    Field(
        min_length=3,
        max_length=320,
        description="A person's oid, or one e-mail address.",
        examples=["ann@company.example"],
    ),
]


class _Strict(BaseModel):
    """What it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MessageData(_Strict):
    """Words of the caller's own. They are shown as they are: no markup means anything in them."""

    title: str = Field(min_length=1, max_length=200, pattern=_ONE_LINE, examples=["Your laptop has come"])
    text: str = Field(
        min_length=1,
        max_length=5_000,
        pattern=_TEXT,
        description="Plain text; empty lines part its paragraphs.",
        examples=["It waits for you at the front desk.\n\nPlease bring your badge."],
    )
    link: str | None = Field(
        None,
        max_length=2_000,
        pattern=r"^https?://\S+$",
        description="What to open.",
        examples=["https://desk.example/parcels/7"],
    )
    link_label: str | None = Field(
        None, min_length=1, max_length=80, pattern=_ONE_LINE, examples=["Show the parcel"]
    )


class OrderData(_Strict):
    """What became of an order."""

    order_id: OrderId
    status: str | None = Field(None, min_length=1, max_length=100, pattern=_ONE_LINE, examples=["SHIPPED"])


class MessageRequest(_Strict):
    """A message in the caller's own words."""

    recipient: Recipient
    template: Literal[Kind.MESSAGE]
    data: MessageData


class OrderRequest(_Strict):
    """News of an order."""

    recipient: Recipient
    template: Literal[Kind.ORDER]
    data: OrderData


class OrderNotice(_Strict):
    """News of an order, as order services ask for it."""

    order_id: OrderId
    channel: Literal["email"] = Field(description="The only one that there is.")
    recipient: Recipient | None = Field(None, description="Without one, whoever asks.")


_FORMS: Mapping[str, str] = {kind: kind for kind in (Kind.MESSAGE, Kind.ORDER)}
_NOTICE = "notice"


def _form(body: Any) -> str | None:
    """Which of the forms a body means to be."""
    if not isinstance(body, dict) or "template" not in body:
        return _NOTICE
    template = body["template"]
    return template if isinstance(template, str) and template in _FORMS else None


def _without_tag(body: Any, parse: Any) -> Any:
    """Errors stand where the client has written the value: the form's name is no part of a body."""
    try:
        return parse(body)
    except ValidationError as error:
        raise ValidationError.from_exception_data(
            error.title,
            [
                InitErrorDetails(
                    type=PydanticCustomError(it["type"], it["msg"]), loc=it["loc"][1:], input=it["input"]
                )
                for it in error.errors()
            ],
        ) from None


MailRequest = Annotated[
    Annotated[MessageRequest, Tag(Kind.MESSAGE)]
    | Annotated[OrderRequest, Tag(Kind.ORDER)]
    | Annotated[OrderNotice, Tag(_NOTICE)],
    Discriminator(
        _form,
        custom_error_type="template",
        custom_error_message=f"`template` is one of: {', '.join(_FORMS)}",
    ),
    WrapValidator(_without_tag),
]


class RequestedMail(BaseModel):
    """A mail that will be sent; `GET /notifications/{id}` tells what becomes of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "7d2f6c0e-58a1-4d0e-9d5c-0c1a6c1f3a11",
                "template": "order",
                "state": "queued",
                "created_at": "2026-11-21T10:00:00.123456Z",
            }
        }
    )

    id: UUID
    template: Kind
    state: State
    created_at: datetime
