"""A service's real consumer that gets a signal at one exact point: `python -m harness.doomed …`.

It is made of the real parts by the service's own composition root. Only the source and the database
are subclasses, and all they add is the signal that the process sends itself, once, when the point is
reached for the n-th time with work at hand.
"""

import argparse
import os
import signal
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, event

import notification.consumer
import notification.settings
import task_meeting.consumer
import task_meeting.settings
from service_kit import process
from service_kit.consumer import Consumer
from service_kit.db import Database, WriteSession
from service_kit.kafka import KafkaSource
from service_kit.logging import configure_logging
from service_kit.messages import Message

TOPIC = "django_db.public.teams_userassignment"


class Point(StrEnum):
    """Where in its work a consumer is hit."""

    AFTER_POLL = "after-poll"
    MID_BATCH = "mid-batch"
    BEFORE_COMMIT = "before-commit"
    AFTER_COMMIT = "after-commit"
    REVOKING = "revoking"


class Fate:
    """Sends the signal when its point is reached for the n-th time."""

    def __init__(self, point: Point, *, times: int, number: signal.Signals) -> None:
        self._point = point
        self._left = times
        self._number = number

    def reached(self, point: Point) -> None:
        if point is self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._number)


class DoomedSource(KafkaSource):
    """Hit after a poll that brought messages, or while partitions are taken away."""

    def __init__(self, bootstrap_servers: str, group: str, fate: Fate) -> None:
        super().__init__(bootstrap_servers, [TOPIC], group=group)
        self._fate = fate

    async def poll(self, *, max_messages: int, timeout_s: float) -> Sequence[Message]:
        messages = await super().poll(max_messages=max_messages, timeout_s=timeout_s)
        if messages:
            self._fate.reached(Point.AFTER_POLL)
        return messages

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        if revoked:
            self._fate.reached(Point.REVOKING)
        await super().on_partitions_revoked(revoked)


class DoomedDatabase(Database):
    """Hit inside, before the end of, or after a transaction that moves the stored offsets."""

    def __init__(self, url: sqlalchemy.URL, fate: Fate) -> None:
        super().__init__(url, application_name="doomed")
        self._fate = fate
        event.listen(sqlalchemy.Engine, "after_cursor_execute", self._after_statement)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[WriteSession]:
        async with super().transaction() as session:
            marks = (await session.connection()).info
            marks.pop("applies", None)
            yield session
            applies = marks.pop("applies", False)
            if applies:
                self._fate.reached(Point.BEFORE_COMMIT)
        if applies:
            self._fate.reached(Point.AFTER_COMMIT)

    def _after_statement(self, connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE consumer_offset"):
            connection.info["applies"] = True
        if statement.startswith("INSERT INTO assignment"):
            self._fate.reached(Point.MID_BATCH)


def task_consumer(fate: Fate) -> Consumer:
    """The task service's consumer."""
    settings = task_meeting.settings.Settings()
    source = DoomedSource(settings.kafka_bootstrap_servers, task_meeting.consumer.GROUP, fate)
    return task_meeting.consumer.build_consumer(source, DoomedDatabase(settings.database_url, fate))


def mail_consumer(fate: Fate) -> Consumer:
    """The notifier's consumer."""
    settings = notification.settings.Settings()
    source = DoomedSource(settings.kafka_bootstrap_servers, notification.consumer.GROUP, fate)
    return notification.consumer.build_consumer(settings, source, DoomedDatabase(settings.database_url, fate))


CONSUMERS = {"task_meeting": task_consumer, "notification": mail_consumer}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("service", choices=CONSUMERS)
    parser.add_argument("point", type=Point)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--signal", type=lambda name: signal.Signals[name], default=signal.SIGKILL)
    arguments = parser.parse_args()
    configure_logging(service="doomed", level="INFO", log_format="json")
    fate = Fate(arguments.point, times=arguments.times, number=arguments.signal)
    process.run(process.serve(_part(arguments.service, fate)))


def _part(service: str, fate: Fate) -> Consumer:
    return CONSUMERS[service](fate)


if __name__ == "__main__":
    main()
