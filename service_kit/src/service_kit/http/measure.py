"""Rate, errors and duration of every route."""

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service_kit.http.context import QUIET
from service_kit.http.routes import template_of
from service_kit.metrics import HTTP_REQUEST_SECONDS

# Labels must not grow with what clients write: all methods that nobody serves are this one.
OTHER_METHOD = "other"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class RequestMetrics:
    """ASGI middleware, the outermost: it times what all the others do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(QUIET):
            await self._app(scope, receive, send)
            return
        status: int | None = None

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started = perf_counter()
        try:
            await self._app(scope, receive, send_noting_status)
        finally:
            if status is not None:
                method = scope["method"] if scope["method"] in _METHODS else OTHER_METHOD
                labels = (method, template_of(scope), str(int(status)))
                HTTP_REQUEST_SECONDS.labels(*labels).observe(perf_counter() - started)
