"""Errors as RFC 9457 problem documents: one shape for everything that goes wrong."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service_kit.http.routes import allowed_methods

MEDIA_TYPE = "application/problem+json"
_MAX_ERRORS = 20
_MAX_POINTER = 200
# As RFC 9110 has them; Python's own names for these depend on its version.
_TITLES = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


class FieldProblem(BaseModel):
    """One wrong value of a request."""

    pointer: str = Field(
        description="Where the value stands: JSON pointer that begins with query, path or body."
    )
    detail: str


class ProblemDocument(BaseModel):
    """What every error answers (RFC 9457, section 3). Some add members of their own."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["The request has invalid values."])
    request_id: str | None = Field(None, description="Give it to support: the logs carry it.")
    errors: list[FieldProblem] | None = Field(None, description="The wrong values, for status 422.")


class Problem(HTTPException):
    """An error that the client may see; `detail` is shown as it is, so it holds no secret and no input.

    `extra` members stand in the document beside the standard ones (RFC 9457, section 3.2).
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.extra = dict(extra or {})


class NotFound(Problem):
    """There is no such thing, or the caller may not know of it."""

    def __init__(self, what: str) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, f"No such {what}.")


class InvalidValueError(RequestValidationError):
    """A value that a route finds wrong after the schema did not; the answer is that of the schema's errors.

    `place` is where it stands, e.g. `("query", "cursor")`; `detail` repeats no input.
    """

    def __init__(self, place: Sequence[str | int], detail: str) -> None:
        super().__init__([{"type": "value_error", "loc": tuple(place), "msg": detail}])


def title_of(status: int) -> str:
    """The name of a status, which is a problem's title."""
    return _TITLES.get(status) or HTTPStatus(status).phrase


def problem_response(
    error: HTTPException, request_id: str | None, errors: Sequence[Mapping[str, str]] | None = None
) -> Response:
    """The answer for `error`."""
    document = {
        **getattr(error, "extra", {}),
        "type": "about:blank",
        "title": title_of(error.status_code),
        "status": error.status_code,
        "detail": error.detail,
        "request_id": request_id,
    }
    if errors is not None:
        document["errors"] = errors
    # ASCII only: a pointer may hold a name that UTF-8 cannot carry, such as a lone surrogate.
    return Response(json.dumps(document), error.status_code, error.headers, MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Let `app` answer problems for its own errors and for the framework's."""
    app.exception_handler(HTTPException)(_on_http_exception)
    app.exception_handler(RequestValidationError)(_on_validation_error)


async def _on_http_exception(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (methods := allowed_methods(request)):
        error.headers = {**(error.headers or {}), "Allow": ", ".join(methods)}
    return problem_response(error, request.scope.get("request_id"))


async def _on_validation_error(request: Request, error: RequestValidationError) -> Response:
    request_id = request.scope.get("request_id")
    if any(map(_is_unread_body, error.errors())):
        detail = "The body has to be JSON, and to have the content type application/json."
        return problem_response(Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail), request_id)
    problem = Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The request has invalid values.")
    errors = [_field_problem(item) for item in error.errors()[:_MAX_ERRORS]]
    return problem_response(problem, request_id, errors)


def _is_unread_body(error: Mapping[str, Any]) -> bool:
    """Whether a model was given bytes: the framework reads no body that does not say that it is JSON."""
    return tuple(error["loc"]) == ("body",) and isinstance(error.get("input"), bytes)


def _field_problem(error: Mapping[str, Any]) -> dict[str, str]:
    detail: str = error["msg"]
    if error["type"].endswith("_parsing"):
        # What follows the comma quotes the input, e.g. "…, found `x` at 1".
        detail = detail.partition(",")[0]
    return {"pointer": _pointer(error["loc"]), "detail": detail}


def _pointer(location: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901)."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return ("/" + "/".join(parts))[:_MAX_POINTER]
