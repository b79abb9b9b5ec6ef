"""Composition root of the consumer process, and of the commands that act on what it keeps."""

from notification.handlers import GROUP, build_routes
from notification.models import CONSUMER_TABLES, Assignment
from notification.service.record import ChangeRecorder
from notification.settings import Settings
from service_kit.clock import SystemClock
from service_kit.consumer import Consumer, MessageSource, Redriver, Repositioner, Route
from service_kit.db import Database
from service_kit.health import Health
from service_kit.http import HttpServer, worker_app
from service_kit.kafka import KafkaSource
from service_kit.process import serve


def build_consumer(settings: Settings, source: MessageSource, database: Database) -> Consumer:
    """The consumer of this service, on any source."""
    return Consumer(source, database, CONSUMER_TABLES, _routes(settings), group=GROUP, clock=SystemClock())


def build_redriver(settings: Settings, database: Database) -> Redriver:
    """What applies parked messages again, with the same handlers."""
    return Redriver(database, CONSUMER_TABLES, _routes(settings), group=GROUP)


def build_repositioner(settings: Settings, database: Database) -> Repositioner:
    """What shows and sets where the consumer continues."""
    topics = [route.topic for route in _routes(settings)]
    source = KafkaSource(settings.kafka_bootstrap_servers, topics, group=f"{GROUP}.offsets")
    return Repositioner(source, database, CONSUMER_TABLES, [Assignment], topics=topics, group=GROUP)


async def run_consumer(settings: Settings) -> None:
    """Consume until a signal; health and metrics are served beside it."""
    database = Database(settings.database_url, application_name="notification.consumer")
    source = KafkaSource(
        settings.kafka_bootstrap_servers,
        [route.topic for route in _routes(settings)],
        group=GROUP,
        instance_id=settings.consumer_instance_id,
    )
    consumer = build_consumer(settings, source, database)
    health = Health()
    health.register("database", database.ping)
    health.register("consumer", consumer.check)
    server = HttpServer(
        worker_app(health, title="Team Suite: consumer of notifications"),
        host=settings.api_host,
        port=settings.consumer_port,
        port_variable="NOTIFICATION_CONSUMER_PORT",
    )
    try:
        await serve(server, consumer)
    finally:
        await database.close()


def _routes(settings: Settings) -> list[Route]:
    return build_routes(
        ChangeRecorder(
            clock=SystemClock(),
            max_event_age=settings.max_event_age,
            notify_renames=settings.notify_renames,
            mail_domain=settings.mail_domain,
        )
    )
