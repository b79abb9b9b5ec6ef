"""What the API pages say of the answers that are no success: one shape, and an example of each kind."""

from http import HTTPStatus
from typing import Any

from service_kit.http.problem import MEDIA_TYPE, title_of

SCHEMAS = "#/components/schemas/{model}"
Answers = dict[int | str, dict[str, Any]]

# Status → what it means here, and what such an answer says.
KINDS: dict[int, tuple[str, str]] = {
    400: ("The request makes no sense.", "This host is not served here."),
    401: ("There is no valid access token.", "This needs an access token."),
    403: ("The caller may not do this.", "This needs the permission tasks.manage."),
    404: ("There is no such thing, or the caller may not know of it.", "No such user."),
    409: ("It does not fit the present state.", "The status cannot change so."),
    412: (
        "It was changed meanwhile; `ETag` names the present version.",
        "It was changed meanwhile. Read it again, and then change it.",
    ),
    413: ("The body is too large.", "The body is over 1000000 bytes."),
    414: ("The address is too long.", "The query is too long."),
    415: ("The body is of another kind than this takes.", "Compressed bodies are not accepted."),
    422: ("The request has invalid values.", "The request has invalid values."),
    429: ("Too many requests: `Retry-After` says when to go on.", "Too many requests. Try again later."),
    431: ("The headers are too long.", "The headers are too long."),
    500: ("The server failed.", "The server failed. Its logs say why."),
    503: (
        "Something that the server needs is away.",
        "Something that this server needs is away. Try again soon.",
    ),
}
_WRONG_VALUES = [{"pointer": "/query/page", "detail": "Input should be greater than or equal to 1"}]

# Headers that come with an answer.
_HEADERS = {
    401: "WWW-Authenticate",
    412: "ETag",
    415: "Accept-Encoding",
    429: "Retry-After",
    503: "Retry-After",
}

# What any route may answer, and what every route behind an access token may answer besides; the latter, and
# what follows from a body, is added by `openapi` to every route that it is true of.
ANYWHERE = (400, 404, 414, 422, 431, 500, 503)
SIGNED_IN = (401, 403, 429)
# What a route with a body may answer besides.
WITH_BODY = (413, 415)

_ETAG = {"description": "The version that is shown: for `If-Match`.", "schema": {"type": "string"}}
# The success of a route that answers with an entity tag.
TAGGED: Answers = {200: {"headers": {"ETag": {**_ETAG, "example": '"v3"'}}}}
# The other answer of a route that asks for `If-None-Match`.
NOT_MODIFIED: Answers = {304: {"description": "The client has the present version already."}}
_LOCATION = {"description": "Where it is now.", "schema": {"type": "string"}}
_REPLAYED = {
    "description": "`true` when the request had come before, and this is its answer again.",
    "schema": {"type": "string"},
}
# The success of a route that creates something, once for each idempotency key.
CREATED: Answers = {
    201: {
        "headers": {
            "ETag": {**_ETAG, "example": '"v1"'},
            "Location": _LOCATION,
            "Idempotency-Replayed": _REPLAYED,
        }
    }
}
# The same of a route that lets something be done later.
ACCEPTED: Answers = {202: {"headers": {"Location": _LOCATION, "Idempotency-Replayed": _REPLAYED}}}


def problems(*statuses: int) -> Answers:
    """The `responses` of a route or a router for these statuses; each must be one that is explained here."""
    answers: Answers = {}
    for status in statuses:
        more: dict[str, Any] = {"errors": _WRONG_VALUES} if status == HTTPStatus.UNPROCESSABLE_ENTITY else {}
        answers |= problem(status, *KINDS[status], **more)
    return answers


def problem(status: int, description: str, detail: str, **more: Any) -> Answers:
    """The `responses` of a route for one status that has a meaning of its own there.

    Args:
        status: the HTTP status.
        description: when it is answered.
        detail: what the example says.
        more: other members of the example, e.g. `allowed=["done"]`.
    """
    example = {
        "type": "about:blank",
        "title": title_of(status),
        "status": int(status),
        "detail": detail,
        "request_id": "0d3c5d2e8f0b4b6c9a71",
        **more,
    }
    schema = {"$ref": SCHEMAS.format(model="ProblemDocument")}
    answer: dict[str, Any] = {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
    }
    if name := _HEADERS.get(status):
        answer["headers"] = {name: {"schema": {"type": "string"}}}
    return {int(status): answer}
