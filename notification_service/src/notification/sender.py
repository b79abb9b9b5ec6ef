"""Composition root of the sender process."""

from datetime import timedelta

from notification.delivery.census import Census
from notification.delivery.dispatcher import Dispatcher
from notification.delivery.lane import Lane
from notification.delivery.listener import Listener
from notification.delivery.progress import Progress
from notification.delivery.queue import Policy, Queue
from notification.mail.compose import Composer
from notification.mail.render import Renderer
from notification.mail.smtp import SmtpConnection, SmtpServer
from notification.mail.unsubscribe import Links
from notification.queries import due
from notification.settings import Settings
from service_kit.clock import Clock, SystemClock
from service_kit.db import Database
from service_kit.health import Health
from service_kit.http import HttpServer, worker_app
from service_kit.process import serve


def build_dispatcher(settings: Settings, database: Database, clock: Clock, progress: Progress) -> Dispatcher:
    """The sender proper, with as many lanes as the settings say."""
    composer, server = build_composer(settings), smtp_server(settings)
    lanes = [Lane(SmtpConnection(server, clock), composer, clock) for _ in range(settings.sender_workers)]
    lease = timedelta(seconds=settings.sender_lease_seconds)
    policy = Policy(
        lease=lease,
        max_age=settings.max_event_age,
        limits=settings.domain_limits,
        burst=timedelta(seconds=settings.burst_seconds),
    )
    queue = Queue(database, clock=clock, policy=policy)
    return Dispatcher(queue, lanes, clock=clock, progress=progress, longest_pause_s=lease.total_seconds() / 3)


def build_composer(settings: Settings) -> Composer:
    """It compiles all templates, which takes a moment."""
    links = Links(settings.public_url, settings.link_secrets)
    return Composer(Renderer(), mail_from=settings.mail_from, links=links, reply_to=settings.reply_to)


def smtp_server(settings: Settings) -> SmtpServer:
    return SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        username=settings.smtp_username or None,
        password=settings.smtp_password.get_secret_value() or None,
        timeout=settings.smtp_timeout_seconds,
    )


async def run_sender(settings: Settings) -> None:
    """Send until a signal, and finish the mails under way; health and metrics are served beside it."""
    clock = SystemClock()
    database = Database(
        settings.database_url,
        application_name="notification.sender",
        pool_size=3,
        server_settings=due.SERVER_SETTINGS,
    )
    progress = Progress(clock)
    dispatcher = build_dispatcher(settings, database, clock, progress)
    health = Health()
    health.register("database", database.ping)
    health.register("delivery", progress.check)
    server = HttpServer(
        worker_app(health, title="Team Suite: sender of notifications"),
        host=settings.api_host,
        port=settings.sender_port,
        port_variable="NOTIFICATION_SENDER_PORT",
    )
    try:
        listener = Listener(database, dispatcher.wake, clock=clock)
        await serve(server, dispatcher, listener, Census(database, clock=clock))
    finally:
        await database.close()
