"""Composition root of the consumer process, and of the commands that act on what it keeps."""

from service_kit.clock import SystemClock
from service_kit.consumer import Consumer, MessageSource, Redriver, Repositioner
from service_kit.db import Database
from service_kit.health import Health
from service_kit.http import HttpServer, worker_app
from service_kit.kafka import KafkaSource
from service_kit.process import serve
from task_meeting.handlers import ROUTES
from task_meeting.models import CONSUMER_TABLES, Assignment
from task_meeting.settings import Settings

GROUP = "user-assignments-group"


def build_consumer(source: MessageSource, database: Database) -> Consumer:
    """The consumer of this service, on any source."""
    return Consumer(source, database, CONSUMER_TABLES, ROUTES, group=GROUP, clock=SystemClock())


def build_redriver(database: Database) -> Redriver:
    """What applies parked messages again, with the same handlers."""
    return Redriver(database, CONSUMER_TABLES, ROUTES, group=GROUP)


def build_repositioner(settings: Settings, database: Database) -> Repositioner:
    """What shows and sets where the consumer continues."""
    topics = [route.topic for route in ROUTES]
    source = KafkaSource(settings.kafka_bootstrap_servers, topics, group=f"{GROUP}.offsets")
    return Repositioner(source, database, CONSUMER_TABLES, [Assignment], topics=topics, group=GROUP)


async def run_consumer(settings: Settings) -> None:
    """Consume until a signal; health and metrics are served beside it."""
    database = Database(settings.database_url, application_name="task_meeting.consumer")
    source = KafkaSource(
        settings.kafka_bootstrap_servers,
        [route.topic for route in ROUTES],
        group=GROUP,
        instance_id=settings.consumer_instance_id,
    )
    consumer = build_consumer(source, database)
    server = HttpServer(
        worker_app(_health(database, consumer), title="Team Suite: consumer of tasks and meetings"),
        host=settings.api_host,
        port=settings.consumer_port,
        port_variable="TASK_MEETING_CONSUMER_PORT",
    )
    try:
        await serve(server, consumer)
    finally:
        await database.close()


def _health(database: Database, consumer: Consumer) -> Health:
    health = Health()
    health.register("database", database.ping)
    health.register("consumer", consumer.check)
    return health
