"""Encrypted connections and signing in, against a real server with a certificate made for the test."""

import os
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from aiosmtpd.smtp import AuthResult
from aiosmtplib import SMTPException
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from notification.mail.clean import Address
from notification.mail.compose import Envelope
from notification.mail.outcome import Outcome
from notification.mail.smtp import SmtpConnection, SmtpServer
from service_kit.clock import SystemClock

ENVELOPE = Envelope(
    "no-reply@team-suite.example", Address("ann", "company.example"), b"Subject: x\r\n\r\nHello\r\n"
)


def write_certificate(folder, alternative_name):
    """A certificate that vouches for itself, with its key; returns the file that holds both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative_name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return write_certificate(tmp_path_factory.mktemp("ours"), x509.IPAddress(ip_address("127.0.0.1")))


@pytest.fixture(scope="module")
def certificate_of_another(tmp_path_factory):
    return write_certificate(tmp_path_factory.mktemp("another"), x509.DNSName("another.example"))


@pytest.fixture
def trust(monkeypatch):
    """Let this machine's OpenSSL trust a certificate, as an administrator would."""
    return lambda file: monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.fixture
async def serve(mail_server):
    """Let the server start again with a certificate: after STARTTLS, or from the first byte on."""

    async def start(file, how, **options):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        await mail_server.stop()
        if how == "tls":
            mail_server.tls = context
        else:
            options |= {"tls_context": context, "require_starttls": True}
        mail_server.options = options
        await mail_server.start()

    return start


@pytest.fixture
async def connect(mail_server):
    opened = []

    async def open_connection(**options):
        connection = SmtpConnection(SmtpServer("127.0.0.1", mail_server.port, **options), SystemClock())
        opened.append(connection)
        await connection.open()
        return connection

    yield open_connection
    for connection in opened:
        await connection.close()


def only(name, password):
    def authenticate(_server, _session, _envelope, _mechanism, data):
        known = (data.login, data.password) == (name.encode(), password.encode())
        return AuthResult(success=known, handled=False)

    return authenticate


@pytest.mark.parametrize("offers", [[], ["PIPELINING"]], ids=["in turns", "at once"])
@pytest.mark.parametrize("how", ["starttls", "tls"])
async def test_a_mail_goes_encrypted(serve, connect, trust, certificate, mail_server, how, offers):
    await serve(certificate, how)
    mail_server.offers = offers
    trust(certificate)
    connection = await connect(tls=how)
    assert [(await connection.deliver(ENVELOPE)).outcome for _ in range(2)] == [Outcome.ACCEPTED] * 2
    assert len(mail_server.mails) == 2


@pytest.mark.parametrize("how", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    serve, connect, certificate, mail_server, how
):
    await serve(certificate, how)
    with pytest.raises((SMTPException, OSError)) as caught:
        await connect(tls=how)
    assert "CERTIFICATE_VERIFY_FAILED" in str(caught.value)
    assert not mail_server.at("MAIL").is_set()


@pytest.mark.parametrize("how", ["starttls", "tls"])
async def test_the_certificate_of_another_host_is_refused(
    serve, connect, trust, certificate_of_another, mail_server, how
):
    await serve(certificate_of_another, how)
    trust(certificate_of_another)
    with pytest.raises((SMTPException, OSError)) as caught:
        await connect(tls=how)
    assert "IP address mismatch" in str(caught.value)
    assert not mail_server.at("MAIL").is_set()


# The server does not see that its connection is encrypted from the first byte on.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("how", ["starttls", "tls"])
async def test_it_signs_in(serve, connect, trust, certificate, mail_server, how):
    options = {"authenticator": only("suite", "secret"), "auth_required": True}
    await serve(certificate, how, **options, auth_require_tls=how == "starttls")
    trust(certificate)
    connection = await connect(tls=how, username="suite", password="secret")
    assert (await connection.deliver(ENVELOPE)).outcome is Outcome.ACCEPTED


async def test_a_wrong_password_opens_no_connection(serve, connect, trust, certificate, mail_server):
    await serve(certificate, "starttls", authenticator=only("suite", "secret"), auth_required=True)
    trust(certificate)
    with pytest.raises(SMTPException):
        await connect(tls="starttls", username="suite", password="guessed")
    assert not mail_server.at("MAIL").is_set()


async def test_who_does_not_sign_in_where_one_must_spends_no_final_no(
    serve, connect, trust, certificate, mail_server
):
    await serve(certificate, "starttls", authenticator=only("suite", "secret"), auth_required=True)
    trust(certificate)
    connection = await connect(tls="starttls")
    result = await connection.deliver(ENVELOPE)
    assert (result.outcome, result.detail[:3]) == (Outcome.DEFERRED, "530")


def test_a_sender_that_would_speak_in_the_clear_ends_at_once():
    variables = {"DB_NAME": "x", "DB_USER": "x", "DB_PASSWORD": "x", "SMTP_HOST": "smtp.example.com"}
    environment = os.environ | {f"NOTIFICATION_{name}": value for name, value in variables.items()}
    ended = subprocess.run(
        [sys.executable, "-m", "notification", "sender"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "NOTIFICATION_SMTP_TLS must be starttls or tls" in ended.stderr
