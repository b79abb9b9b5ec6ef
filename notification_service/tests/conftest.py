"""The two ends of the service in tests: what Debezium writes, and a mail server that misbehaves on demand."""
# ruff: noqa: N802 - aiosmtpd names its hooks after SMTP's commands

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from secrets import token_urlsafe
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP

from notification.events import ASSIGNMENT_TOPIC
from notification.mail.unsubscribe import Links
from service_kit.messages import Message

PARTITIONS = 6
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


class Feed:
    """Makes the messages of `teams_userassignment`, each newer than the last."""

    def __init__(self):
        self.lsn = 1000
        self.offsets = dict.fromkeys(range(PARTITIONS), 0)

    def columns(self, number=1, *, user=1, project=1, team=1, **changed):
        """A row; people, projects and teams are named by small numbers."""
        return {
            "id": number,
            "project_id": project,
            "team_id": team,
            "user_id": user,
            "project_name": f"Project {project}",
            "team_name": team and f"Team {team}",
            "user_oid": str(UUID(int=user)),
            "user_email": f"user{user}@company.example",
            "user_name": f"User {user}",
            "user_role": "employee",
            "project_oid": str(UUID(int=1000 + project)),
            "team_oid": team and str(UUID(int=2000 + team)),
            "application_url": None,
            "user_locale": "en",
            "user_time_zone": "Europe/Moscow",
            "created_at": "2026-11-21T10:00:00.123456Z",
            **changed,
        }

    def change(self, op="c", number=1, *, lsn=None, row_lsn=None, epoch=None, at=NOW, without=(), **columns):
        """The message of one change that was committed at `at`."""
        self.lsn += 10
        lsn = lsn or self.lsn
        ms = int(at.timestamp() * 1000)
        value = {
            **self.columns(number, **columns),
            "row_lsn": row_lsn or lsn,
            "__op": op,
            "__lsn": lsn,
            "__ts_ms": ms + 10,
            "__source_ts_ms": ms,
            "__source_snapshot": "true" if op == "r" else "false",
            "__deleted": str(op == "d").lower(),
        }
        for column in without:
            del value[column]
        return self.message(number, json.dumps(value).encode(), epoch=epoch)

    def message(self, number, value, *, epoch=None):
        """Any value under the key of an assignment."""
        partition = number % PARTITIONS
        offset = self.offsets[partition]
        self.offsets[partition] += 1
        headers = () if epoch is None else (("epoch", str(epoch).encode()),)
        key = json.dumps(number).encode()
        return Message(ASSIGNMENT_TOPIC, partition, offset, key, value, headers, 1_763_000_000_030)


@dataclass
class CaughtMail:
    """One accepted mail: its envelope, and its message parsed."""

    sender: str
    recipients: list[str]
    message: object

    @property
    def subject(self):
        return self.message["Subject"]

    @property
    def message_id(self):
        return self.message["Message-ID"]

    @property
    def text(self):
        return self.message.get_body(("plain",)).get_content()

    @property
    def html(self):
        return self.message.get_body(("html",)).get_content()


@dataclass
class MailServer:
    """A real SMTP server that keeps what it accepts.

    `faults` maps a stage (banner, MAIL, RCPT, DATA, end) to what goes wrong there, once each: an
    answer such as `451 later`, `hang`, or `drop` the connection; at `end`, after the final dot,
    `accept+hang` and `accept+drop` keep the mail first. `421 busy+drop` answers and hangs up. `always` maps
    a stage to a fault that stays. From RCPT on a stage may name a recipient: `end ann@company.example`.
    While `gate` is closed, mails wait at their end, before they are accepted. `offers` are more lines of its
    hello, `options` are aiosmtpd's, `tls` encrypts from the first byte on.
    """

    port: int = 0
    offers: list[str] = field(default_factory=list)
    options: dict[str, object] = field(default_factory=dict)
    tls: object = None
    faults: dict[str, deque] = field(default_factory=dict)
    always: dict[str, str] = field(default_factory=dict)
    mails: list[CaughtMail] = field(default_factory=list)
    connections: int = 0
    reached: dict[str, asyncio.Event] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self):
        self.gate.set()

    def fail(self, stage, *faults):
        self.faults.setdefault(stage, deque()).extend(faults)

    def at(self, stage):
        """Set when a client has got to a stage."""
        return self.reached.setdefault(stage, asyncio.Event())

    def next_fault(self, stage, recipients=()):
        for name in (stage, *(f"{stage} {recipient}" for recipient in recipients)):
            self.at(name).set()
            if queue := self.faults.get(name):
                return queue.popleft()
        return self.always.get(stage)

    async def start(self, port=0):
        loop = asyncio.get_running_loop()
        self.open_protocols = set()
        self.server = await loop.create_server(
            lambda: _Protocol(self), "127.0.0.1", port or self.port, ssl=self.tls
        )
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self):
        """Refuse connections and cut those that are open."""
        self.server.close()
        for protocol in list(self.open_protocols):
            protocol.abort()
        await asyncio.sleep(0)

    def cut_connections(self):
        for protocol in list(self.open_protocols):
            protocol.abort()

    def of(self, recipient):
        return [mail for mail in self.mails if mail.recipients == [recipient]]


class _Protocol(SMTP):
    def __init__(self, mail_server):
        self.mail_server = mail_server
        options = {"enable_SMTPUTF8": True, "decode_data": False, **mail_server.options}
        super().__init__(self, hostname="mail.test", ident="test", **options)

    def abort(self):
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport):
        self.mail_server.connections += 1
        self.mail_server.open_protocols.add(self)
        super().connection_made(transport)

    def connection_lost(self, error):
        self.mail_server.open_protocols.discard(self)
        super().connection_lost(error)

    async def _handle_client(self):
        fault = await self.misbehave("banner")
        if fault:
            await self.push(fault)
            self.transport.close()
            return
        await super()._handle_client()

    async def handle_EHLO(self, _server, session, _envelope, hostname, lines):
        session.host_name = hostname
        return [*lines[:-1], *(f"250-{offer}" for offer in self.mail_server.offers), lines[-1]]

    async def smtp_DATA(self, arg):
        fault = await self.misbehave("DATA", self.envelope.rcpt_tos)
        if fault:
            await self.push(fault)
            return
        await super().smtp_DATA(arg)

    async def handle_MAIL(self, _server, _session, envelope, address, options):
        if fault := await self.misbehave("MAIL"):
            return fault
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, options):
        if fault := await self.misbehave("RCPT", [address]):
            return fault
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        fault = self.mail_server.next_fault("end", envelope.rcpt_tos)
        await self.mail_server.gate.wait()
        if fault is None or fault.startswith("accept"):
            message = message_from_bytes(envelope.content, policy=policy.default)
            self.mail_server.mails.append(CaughtMail(envelope.mail_from, envelope.rcpt_tos, message))
        if fault is None:
            return "250 accepted"
        return await self.do(fault.removeprefix("accept+"))

    async def misbehave(self, stage, recipients=()):
        fault = self.mail_server.next_fault(stage, recipients)
        return None if fault is None else await self.do(fault)

    async def do(self, fault):
        if fault.endswith("+drop"):
            self.transport.write(fault.replace("+drop", "\r\n").encode())
            self.transport.close()
            fault = "hang"
        if fault == "drop":
            self.transport.abort()
        if fault in {"drop", "hang"}:
            await asyncio.sleep(3600)
        return fault


@pytest.fixture(scope="session")
def now():
    """When the changes of the feed are committed, unless a test says otherwise."""
    return NOW


@pytest.fixture(scope="session")
def secret():
    """What links are signed with."""
    return token_urlsafe()


@pytest.fixture(scope="session")
def links(secret):
    return Links("http://127.0.0.1:8003", [secret])


@pytest.fixture
def feed():
    return Feed()


@pytest.fixture
async def mail_server():
    it = MailServer()
    await it.start()
    yield it
    await it.stop()
