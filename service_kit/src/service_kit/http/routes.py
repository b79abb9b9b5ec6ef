"""Which route a request has matched, and what else could be asked of its path."""

from fastapi import Request
from starlette.types import Scope

# What all paths are called that nobody serves: the labels of metrics must not grow with what clients write.
UNMATCHED = "unmatched"


def template_of(scope: Scope) -> str:
    """The matched route's path with its parameters' names, the prefixes of nested routers included.

    `scope["route"]` knows only its own router's part of the path; FastAPI keeps the whole beside it.
    """
    whole = scope.get("fastapi", {}).get("effective_route_context")
    template: str = getattr(whole or scope.get("route"), "path", UNMATCHED)
    return template


def allowed_methods(request: Request) -> list[str]:
    """The methods of the path that a request has matched (RFC 9110, section 10.2.1).

    The framework names only those of one of the path's functions; the API's document knows them all.
    """
    path = request.app.openapi()["paths"].get(template_of(request.scope), {})
    return sorted(method.upper() for method in path)
