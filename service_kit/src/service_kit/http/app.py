"""The FastAPI application that every HTTP process begins with."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware

from service_kit.health import Health
from service_kit.http import openapi
from service_kit.http.answers import ANYWHERE, problems
from service_kit.http.bodies import refuse_doubtful_json
from service_kit.http.context import RequestContext
from service_kit.http.docs import install_docs
from service_kit.http.health import health_router
from service_kit.http.limits import Limits, RequestLimits, TrailingSlash, refuse_repeated_parameters
from service_kit.http.measure import RequestMetrics
from service_kit.http.problem import install_problem_handlers
from service_kit.http.rate import RateLimit


class _App(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The document, with all errors that its operations answer."""
        if self.openapi_schema is None:
            openapi.complete(super().openapi())
        return super().openapi()


def create_app(
    *,
    title: str,
    version: str,
    health: Health,
    allowed_hosts: Sequence[str] = ("*",),
    limits: Limits = Limits(),  # noqa: B008 - frozen
    rate_limit: str | None = None,
    slashed_prefix: str | None = None,
    secret_paths: Sequence[str] = (),
    tags: Mapping[str, str] = MappingProxyType({}),
    docs: bool = True,
) -> FastAPI:
    """Make an app with problem documents, limits, health pages, metrics and offline API pages.

    Args:
        title: shown on the API page.
        version: of the API.
        health: what /health/ready asks.
        allowed_hosts: names that the Host header may hold, without ports; `*` allows all.
        limits: sizes above which a request is refused.
        rate_limit: how many requests one sender may make, e.g. `100/second`; unlimited without it. Such an
            app has an `Authenticator` as `app.state.authenticator`.
        slashed_prefix: below it paths end with a slash, and are found without it as well; names of files
            have none.
        secret_paths: prefixes of paths that go on with a secret, which no log may hold.
        tags: the groups of routes on the API page, and what each is about.
        docs: whether /docs and /openapi.json are served.
    """
    middleware = [
        Middleware(RequestMetrics),
        Middleware(RequestContext, secret_paths=secret_paths),
        Middleware(RequestLimits, allowed_hosts=allowed_hosts, limits=limits),
    ]
    if rate_limit is not None:
        middleware.append(Middleware(RateLimit, limit=rate_limit))
    if slashed_prefix is not None:
        middleware.append(Middleware(TrailingSlash, prefix=slashed_prefix))
    app = _App(
        title=title,
        version=version,
        openapi_url="/openapi.json" if docs else None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        openapi_tags=[{"name": name, "description": about} for name, about in tags.items()],
        middleware=middleware,
        dependencies=[Depends(refuse_repeated_parameters), Depends(refuse_doubtful_json)],
        responses=problems(*ANYWHERE),
    )
    install_problem_handlers(app)
    app.include_router(health_router(health))
    if docs:
        install_docs(app)
    return app


def worker_app(health: Health, *, title: str, version: str = "1") -> FastAPI:
    """The HTTP side of a process that serves no API: health pages and metrics."""
    return create_app(title=title, version=version, health=health, docs=False)
