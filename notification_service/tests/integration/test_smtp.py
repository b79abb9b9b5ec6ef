"""One SMTP connection against a real server that misbehaves."""

import asyncio

import pytest
from aiosmtplib import SMTPException

from notification.mail.clean import Address
from notification.mail.compose import Envelope
from notification.mail.outcome import Outcome
from notification.mail.smtp import SmtpConnection, SmtpServer
from service_kit.clock import SystemClock
from service_kit.testing import ManualClock

TIMEOUT = 0.3
MESSAGE = b"Subject: x\r\nMessage-ID: <1@team-suite.example>\r\nContent-Type: text/plain\r\n\r\nHello\r\n"


def envelope(recipient="ann", body=MESSAGE):
    return Envelope("no-reply@team-suite.example", Address(recipient, "company.example"), body)


@pytest.fixture(params=[[], ["PIPELINING"]], ids=["in turns", "at once"])
async def connect(mail_server, request):
    """Open a connection to the server, which takes commands in turns or several at once."""
    mail_server.offers = request.param
    opened = []

    async def open_connection(clock=None, **options):
        server = SmtpServer("127.0.0.1", mail_server.port, **{"timeout": TIMEOUT, **options})
        connection = SmtpConnection(server, clock or SystemClock())
        opened.append(connection)
        await connection.open()
        return connection

    yield open_connection
    for connection in opened:
        await connection.close()


async def test_many_mails_go_over_one_connection(connect, mail_server):
    connection = await connect()
    results = [await connection.deliver(envelope(f"user{number}")) for number in range(20)]
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert [mail.recipients for mail in mail_server.mails] == [
        [f"user{n}@company.example"] for n in range(20)
    ]
    assert mail_server.connections == 1


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "end"])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("421 going down", Outcome.DEFERRED),
        ("451 later", Outcome.DEFERRED),
        ("550 nobody here", Outcome.REFUSED),
    ],
)
async def test_an_answer_decides_and_the_next_mail_goes(connect, mail_server, stage, answer, outcome):
    connection = await connect()
    mail_server.fail(stage, answer)
    result = await connection.deliver(envelope())
    assert (result.outcome, result.detail) == (outcome, answer)
    assert mail_server.mails == []
    if not connection.is_open:
        await connection.open()
    assert (await connection.deliver(envelope())).outcome is Outcome.ACCEPTED


async def test_a_server_that_hangs_up_after_its_no_has_said_no(connect, mail_server):
    connection = await connect()
    mail_server.fail("MAIL", "421 too many+drop")
    result = await connection.deliver(envelope())
    assert (result.outcome, result.detail) == (Outcome.DEFERRED, "421 too many")


async def test_a_server_that_goes_on_after_a_refusal_gets_no_message(connect, mail_server):
    mail_server.offers = ["PIPELINING"]
    connection = await connect()
    mail_server.always["DATA"] = "354 to nobody"
    mail_server.fail("RCPT", "550 nobody here")
    assert (await connection.deliver(envelope())).detail == "550 nobody here"
    del mail_server.always["DATA"]
    assert (await connection.deliver(envelope("bob"))).outcome is Outcome.ACCEPTED
    assert [mail.recipients for mail in mail_server.mails] == [["bob@company.example"]]


@pytest.mark.parametrize(
    ("stage", "answer", "hard"),
    [
        ("RCPT", "550 nobody here", True),
        ("RCPT", "550 5.1.1 nobody here", True),
        ("RCPT", "550 5.2.1 disabled", True),
        ("end", "550 5.1.1 nobody here", True),
        ("RCPT", "550 5.7.1 we take nothing from you", False),
        ("RCPT", "450 4.2.1 later", False),
        ("MAIL", "550 who are you", False),
        ("end", "554 spam", False),
    ],
)
async def test_a_no_to_the_address_is_told_from_a_no_to_the_mail(connect, mail_server, stage, answer, hard):
    connection = await connect()
    mail_server.fail(stage, answer)
    assert (await connection.deliver(envelope())).hard is hard


async def test_the_servers_limit_is_kept_without_asking(connect, mail_server):
    mail_server.options = {"data_size_limit": len(MESSAGE)}
    connection = await connect()
    result = await connection.deliver(envelope(body=MESSAGE + b"x"))
    assert result.outcome is Outcome.REFUSED
    assert result.detail == f"the mail has {len(MESSAGE) + 1} bytes, and {len(MESSAGE)} is the limit"
    assert not mail_server.at("MAIL").is_set()
    assert (await connection.deliver(envelope())).outcome is Outcome.ACCEPTED


async def test_our_own_limit_holds_where_the_server_has_none(connect, mail_server):
    mail_server.options = {"data_size_limit": 0}
    connection = await connect(max_bytes=len(MESSAGE))
    assert (await connection.deliver(envelope(body=MESSAGE + b"x"))).outcome is Outcome.REFUSED
    assert (await connection.deliver(envelope())).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("said", ["250 unasked", "what", "250-" + "x" * 40_000])
async def test_a_server_that_talks_nonsense_is_left(connect, mail_server, said):
    connection = await connect()
    (protocol,) = mail_server.open_protocols
    protocol.transport.write(f"{said}\r\n".encode())
    async with asyncio.timeout(5):
        while connection.is_open:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("answer", ["530 sign in first", "535 wrong"])
async def test_a_no_to_our_sign_in_is_not_the_mails_fault(connect, mail_server, answer):
    connection = await connect()
    mail_server.fail("MAIL", answer)
    assert (await connection.deliver(envelope())).outcome is Outcome.DEFERRED
    assert not connection.is_open


@pytest.mark.parametrize("fault", ["hang", "drop"])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
async def test_silence_before_the_message_means_later(connect, mail_server, stage, fault):
    connection = await connect()
    mail_server.fail(stage, fault)
    result = await connection.deliver(envelope())
    assert result.outcome is Outcome.DEFERRED
    assert result.detail.startswith("before the message was sent")
    assert not connection.is_open


@pytest.mark.parametrize("fault", ["hang", "drop", "accept+hang", "accept+drop"])
async def test_silence_after_the_message_means_nobody_knows(connect, mail_server, fault):
    connection = await connect()
    mail_server.fail("end", fault)
    result = await connection.deliver(envelope())
    assert result.outcome is Outcome.UNCONFIRMED
    assert not connection.is_open


async def test_a_kept_connection_that_died_is_replaced_at_once(connect, mail_server):
    connection = await connect()
    await connection.deliver(envelope())
    mail_server.fail("MAIL", "drop")
    assert (await connection.deliver(envelope("bob"))).outcome is Outcome.ACCEPTED
    assert mail_server.connections == 2
    assert len(mail_server.of("bob@company.example")) == 1


async def test_it_notices_that_the_server_hung_up(connect, mail_server):
    connection = await connect()
    mail_server.cut_connections()
    async with asyncio.timeout(5):
        while connection.is_open:
            await asyncio.sleep(0.01)


async def test_it_is_worn_after_many_mails_and_after_idling(connect):
    clock = ManualClock()
    connection = await connect(clock, mails_per_connection=2, idle=60)
    await connection.deliver(envelope())
    assert not connection.is_worn
    await connection.deliver(envelope())
    assert connection.is_worn
    fresh = await connect(clock, idle=60)
    await clock.advance(59)
    assert not fresh.is_worn
    await clock.advance(1)
    assert fresh.is_worn


@pytest.mark.parametrize("fault", ["hang", "drop", "421 not now", "554 go away"])
async def test_a_server_that_does_not_greet_cannot_be_used(connect, mail_server, fault):
    mail_server.fail("banner", fault)
    with pytest.raises((SMTPException, OSError)):
        await connect()


async def test_a_server_that_is_down_cannot_be_used(connect, mail_server):
    await mail_server.stop()
    with pytest.raises((SMTPException, OSError)):
        await connect()


async def test_lone_dots_arrive(connect, mail_server):
    connection = await connect()
    body = MESSAGE + b".\r\n..\r\n.hidden\r\nend\r\n"
    assert (await connection.deliver(envelope(body=body))).outcome is Outcome.ACCEPTED
    assert mail_server.mails[0].message.get_content().splitlines() == ["Hello", ".", "..", ".hidden", "end"]


async def test_letters_beyond_ascii_need_the_servers_help(connect, mail_server, monkeypatch):
    connection = await connect()
    assert (await connection.deliver(envelope("анна"))).outcome is Outcome.ACCEPTED
    assert mail_server.mails[0].recipients == ["анна@company.example"]


async def test_encryption_that_the_server_lacks_is_an_error_not_plain_text(connect):
    with pytest.raises(SMTPException):
        await connect(tls="starttls")
