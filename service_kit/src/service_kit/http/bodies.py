"""JSON bodies that two readers could take for two things are refused."""

import json
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError


async def refuse_doubtful_json(request: Request) -> None:
    """A dependency of every route: JSON is UTF-8 without a mark (RFC 8259, 8.1), and names are unique (4).

    Of two values with one name, neither is chosen silently. The parser of the framework lets all this pass.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        return
    if body := await request.body():
        try:
            json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise RequestValidationError(
                [{"type": "json_invalid", "loc": ("body",), "msg": "Not JSON in UTF-8 with unique names"}]
            ) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name is repeated")
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
