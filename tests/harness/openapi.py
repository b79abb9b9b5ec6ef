"""The OpenAPI documents of the FastAPI services. `make openapi` writes them to contracts/openapi anew."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import notification.app
import notification.settings
import task_meeting.app
import task_meeting.settings
from service_kit.db import Database
from service_kit.testing.identity import Identity

FOLDER = Path(__file__).parents[2] / "contracts" / "openapi"
METHODS = ("get", "put", "post", "delete", "patch")
_APPS = {
    "task_meeting": (task_meeting.app.build_app, task_meeting.settings.Settings),
    "notification": (
        notification.app.build_app,
        partial(notification.settings.Settings, unsubscribe_secrets=token_urlsafe()),
    ),
}
SERVICES = tuple(_APPS)


def document(service: str) -> dict[str, Any]:
    """What the service's code says of its API. It connects to nothing for that."""
    build_app, settings_class = _APPS[service]
    settings = settings_class(db_name="unused", db_user="unused", db_password="unused")
    database = Database(settings.database_url, application_name="openapi")
    described: dict[str, Any] = build_app(settings, database, Identity().authenticator()).openapi()
    return described


def rendered(service: str) -> str:
    """The document as it is committed."""
    return json.dumps(document(service), indent=2, ensure_ascii=False) + "\n"


def committed(service: str) -> dict[str, Any]:
    """The document that people read."""
    read: dict[str, Any] = json.loads((FOLDER / f"{service}.json").read_text(encoding="utf-8"))
    return read


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of each operation."""
    for path, item in described["paths"].items():
        yield from ((method.upper(), path, item[method]) for method in METHODS if method in item)


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for service in SERVICES:
        (FOLDER / f"{service}.json").write_text(rendered(service), encoding="utf-8")


if __name__ == "__main__":
    write()
