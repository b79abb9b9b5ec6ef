"""A mail that an authorized client asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from notification.events import Recipient
from notification.service.subjects.forms import Payload


@dataclass(frozen=True, slots=True)
class Request:
    """Whom to mail, and all that the template shows."""

    recipients: Sequence[Recipient]
    payload: Payload


def named(request: Request) -> Iterable[Recipient]:
    return request.recipients


def given(request: Request) -> Payload:
    return request.payload
