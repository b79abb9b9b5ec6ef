"""What the sender is measured beside, each a process of its own that prints its seconds.

    python peers.py floor PORT COUNT CONNECTIONS MESSAGE     ready bytes, pipelined as far as SMTP goes
    python peers.py plain PORT COUNT WORKERS                 a connection for each mail
    python peers.py message                                  prints the message that is due

`plain` takes, composes and ends its mails by the notifier's own code, one at a time, as a program does that
sends mail "when it is due": only the connection and the number of mails in a transaction differ.
"""

import asyncio
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiosmtplib
import uvloop

from notification.mail.compose import Composer
from notification.mail.outcome import Outcome, Result
from notification.sender import build_composer
from notification.service.claim import Claim, claim_due
from notification.service.route import Rules
from notification.service.settle import Backoff, Settlement, settle
from notification.settings import Settings
from service_kit.clock import Clock, SystemClock
from service_kit.db import Database, WriteSession

BEGIN = b"MAIL FROM:<a@team-suite.example>\r\nRCPT TO:<b@company.example>\r\nDATA\r\n"


class Floor(asyncio.Protocol):
    """Sends `count` times the same message: its end and the next one's beginning go in one write."""

    def __init__(self, message: bytes, count: int) -> None:
        self.message, self.left = message, count
        self.done = asyncio.get_running_loop().create_future()
        self.hello = True

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.hello:
            self.greet(data)
        if b"354" in data:
            self.left -= 1
            self.transport.write(self.message + (BEGIN if self.left else b"QUIT\r\n"))
        if b"221" in data:
            self.transport.close()
            self.done.set_result(None)

    def greet(self, data: bytes) -> None:
        if data.startswith(b"220"):
            self.transport.write(b"EHLO floor\r\n")
        else:
            self.hello = False
            self.transport.write(BEGIN)


async def floor(port: int, count: int, connections: int, message: bytes) -> None:
    loop, begin = asyncio.get_running_loop(), time.perf_counter()
    opened = [
        await loop.create_connection(lambda: Floor(message, count // connections), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in opened))
    print(time.perf_counter() - begin)


async def plain(port: int, count: int, workers: int) -> None:
    settings = Settings()
    database = Database(settings.database_url, application_name="benchmark", pool_size=workers)
    composer = build_composer(settings)
    begin = time.perf_counter()
    done = await asyncio.gather(*(send(database, composer, port, count // workers) for _ in range(workers)))
    print(time.perf_counter() - begin)
    await database.close()
    assert sum(done) == count // workers * workers, done


async def send(database: Database, composer: Composer, port: int, count: int) -> int:
    """Send so many mails, one after the other."""
    owner, clock = uuid4(), SystemClock()
    for number in range(count):
        async with database.transaction() as session:
            claim = await take(session, owner, clock)
        if not claim.mails:
            return number
        (mail,) = claim.mails
        envelope = composer.compose(mail.letter)
        _, answer = await aiosmtplib.send(
            envelope.message,
            sender=envelope.sender,
            recipients=[str(envelope.recipient)],
            hostname="127.0.0.1",
            port=port,
            start_tls=False,
        )
        end = Settlement(mail, Result(Outcome.ACCEPTED, answer))
        async with database.transaction() as session:
            await settle(session, [end], owner=owner, now=clock.now(), backoff=Backoff())
    return count


async def message() -> None:
    settings = Settings()
    database = Database(settings.database_url, application_name="benchmark", pool_size=1)
    async with database.transaction() as session:
        (mail,) = (await take(session, uuid4(), SystemClock())).mails
        sys.stdout.buffer.write(build_composer(settings).compose(mail.letter).message)
    await database.close()


async def take(session: WriteSession, owner: UUID, clock: Clock) -> Claim:
    lease, rules = timedelta(seconds=30), Rules(timedelta(hours=72), timedelta())
    return await claim_due(session, owner=owner, limit=1, now=clock.now(), lease=lease, rules=rules)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["floor", *numbers, file]:
            port, count, connections = map(int, numbers)
            uvloop.run(floor(port, count, connections, Path(file).read_bytes() + b".\r\n"))
        case ["plain", *numbers]:
            uvloop.run(plain(*map(int, numbers)))
        case _:
            uvloop.run(message())
