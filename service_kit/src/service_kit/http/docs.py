"""The OpenAPI page without the network: Swagger UI's files are served from here."""

from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

_STATIC = Path(__file__).parent / "static"
# Swagger UI sets style attributes and draws its icons from data: addresses; scripts are files only.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def install_docs(app: FastAPI) -> None:
    """Serve the page at /docs and its files below it."""
    app.add_route("/docs", _page, include_in_schema=False)
    app.mount("/docs", StaticFiles(directory=_STATIC), name="docs")


async def _page(_request: Request) -> Response:
    return FileResponse(_STATIC / "index.html", headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})
