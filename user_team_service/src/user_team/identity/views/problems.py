"""Errors of the API as documents (RFC 9457, `application/problem+json`)."""

from http import HTTPStatus
from typing import Any

from django.http import JsonResponse


def problem(
    status: HTTPStatus, detail: str, *, headers: dict[str, str] | None = None, **members: Any
) -> JsonResponse:
    """The answer that says what was wrong; `members` are further members of the document."""
    document = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail, **members}
    response = JsonResponse(document, status=status, content_type="application/problem+json")
    for name, value in (headers or {}).items():
        response.headers[name] = value
    response.headers["Cache-Control"] = "no-store"
    return response
