"""Composition root of the API process."""

from functools import cache
from secrets import token_urlsafe

from fastapi import FastAPI

from notification.api import TAGS, router
from notification.api.addresses import ADDRESSES
from notification.api.housekeeping import Housekeeping
from notification.api.preferences import PREFIX
from notification.mail.compose import Composer
from notification.mail.render import Renderer
from notification.mail.unsubscribe import LINKS, Links
from notification.settings import Settings
from service_kit.auth import Authenticator, KeySet, TokenAuthenticator
from service_kit.clock import Clock, SystemClock
from service_kit.db import Database
from service_kit.health import Health
from service_kit.http import HttpServer, create_app
from service_kit.process import serve


def build_app(
    settings: Settings, database: Database, authenticator: Authenticator, clock: Clock | None = None
) -> FastAPI:
    """The API; it is ready while the database answers and tokens can be checked."""
    health = Health()
    health.register("database", database.ping)
    health.register("token_keys", authenticator.ready)
    app = create_app(
        title="Team Suite: notifications",
        version="1",
        health=health,
        allowed_hosts=settings.api_allowed_hosts,
        rate_limit=settings.api_rate_limit,
        slashed_prefix=PREFIX,
        secret_paths=[ADDRESSES, LINKS],
        tags=TAGS,
    )
    app.state.clock = clock or SystemClock()
    app.state.database = database
    app.state.authenticator = authenticator
    app.state.links = Links(settings.public_url, settings.link_secrets)
    app.state.mail_domain = settings.mail_domain
    app.state.previewer = _previewer(settings)
    app.include_router(router)
    return app


@cache
def _renderer() -> Renderer:
    return Renderer()


def _previewer(settings: Settings) -> Composer:
    """Composes mails as the sender does, but with links to unsubscribe that nobody's secret has signed.

    Whoever looks at somebody else's mail may not unsubscribe them.
    """
    links = Links(settings.public_url, [token_urlsafe()])
    return Composer(_renderer(), mail_from=settings.mail_from, links=links, reply_to=settings.reply_to)


async def run_api(settings: Settings) -> None:
    """Serve HTTP until a signal."""
    database = Database(
        settings.database_url, application_name="notification.api", pool_size=settings.db_pool_size
    )
    keys = KeySet(settings.auth_jwks_url)
    authenticator = TokenAuthenticator(keys, settings.auth_issuer, settings.auth_audience)
    server = HttpServer(
        build_app(settings, database, authenticator),
        host=settings.api_host,
        port=settings.api_port,
        port_variable="NOTIFICATION_API_PORT",
    )
    try:
        await serve(server, keys, Housekeeping(database, clock=SystemClock()))
    finally:
        await database.close()
