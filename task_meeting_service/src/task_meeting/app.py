"""Composition root of the API process."""

from fastapi import FastAPI

from service_kit.auth import Authenticator, KeySet, TokenAuthenticator
from service_kit.db import Database
from service_kit.health import Health
from service_kit.http import HttpServer, Limits, create_app
from service_kit.process import serve
from task_meeting.api import TAGS, router
from task_meeting.api.calendar import LINKS
from task_meeting.schemas.transfer import MAX_BYTES
from task_meeting.settings import Settings

_VERSION = "1.0.0"


def build_app(settings: Settings, database: Database, authenticator: Authenticator) -> FastAPI:
    """The API; it is ready while the database answers and tokens can be checked."""
    health = Health()
    health.register("database", database.ping)
    health.register("token_keys", authenticator.ready)
    app = create_app(
        title="Team Suite: tasks and meetings",
        version=_VERSION,
        health=health,
        allowed_hosts=settings.api_allowed_hosts,
        rate_limit=settings.api_rate_limit,
        slashed_prefix="/api/",
        secret_paths=[LINKS],
        tags=TAGS,
        limits=Limits(larger_bodies={"/api/tasks/import": MAX_BYTES}),
    )
    app.state.database = database
    app.state.authenticator = authenticator
    app.state.public_url = settings.public_url
    app.include_router(router)
    return app


async def run_api(settings: Settings) -> None:
    """Serve until a signal."""
    database = Database(
        settings.database_url, application_name="task_meeting.api", pool_size=settings.db_pool_size
    )
    keys = KeySet(settings.auth_jwks_url)
    authenticator = TokenAuthenticator(keys, settings.auth_issuer, settings.auth_audience)
    server = HttpServer(
        build_app(settings, database, authenticator),
        host=settings.api_host,
        port=settings.api_port,
        port_variable="TASK_MEETING_API_PORT",
    )
    try:
        await serve(server, keys)
    finally:
        await database.close()
