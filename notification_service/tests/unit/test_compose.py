"""The message on the wire: nobody breaks out of a header, and there is one recipient."""

from email import message_from_bytes, policy
from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notification.errors import UndeliverableError
from notification.kinds import Kind
from notification.mail.compose import Composer
from notification.mail.preview.letters import samples
from notification.mail.render import Renderer
from notification.mail.translations import LOCALES


@pytest.fixture(scope="module")
def composer(links):
    return Composer(Renderer(), mail_from="Team Suite <no-reply@team-suite.example>", links=links)


@pytest.fixture(scope="module")
def make(composer, letter):
    def compose(**changed):
        envelope = composer.compose(letter(**changed))
        return envelope, message_from_bytes(envelope.message, policy=policy.default)

    return compose


def test_the_headers_say_who_to_whom_and_that_a_machine_wrote_it(make):
    envelope, message = make(name="Ann Smith")
    assert (envelope.sender, str(envelope.recipient)) == (
        "no-reply@team-suite.example",
        "ann@company.example",
    )
    assert message["From"] == "Team Suite <no-reply@team-suite.example>"
    assert message["To"] == "Ann Smith <ann@company.example>"
    assert message["Message-ID"] == "<1@team-suite.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert message["Date"].datetime.year == 2026
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_cyrillic_arrives_as_it_was_written(make):
    _, message = make(name="Анна Кузнецова", locale="ru")
    assert message["Subject"] == "Ваше назначение изменилось: Atlas"
    assert message["To"].addresses[0].display_name == "Анна Кузнецова"
    assert "Здравствуйте, Анна Кузнецова!" in message.get_body(("plain",)).get_content()


@pytest.mark.parametrize("locale", LOCALES)
def test_the_pages_of_all_mails_need_no_encoding(composer, locale):
    for name, sample in samples(locale).items():
        message = message_from_bytes(composer.compose(sample).message, policy=policy.default)
        page = message.get_body(("html",))
        assert (name, page["Content-Transfer-Encoding"]) == (name, "7bit")


NASTY = [
    "Smith, Ann",
    'Ann "the" <b>',
    "Ann\r\nBcc: eve@evil.example",
    "eve@evil.example",
    "a" * 2000,
    "=?utf-8?q?x?=",
    "(comment) Ann",
    "Ann;",
    "\\",
    '"',
    "Анна, <eve@evil.example>",
    "",
    "\u202eAnn",
    "группа: a@b.example;",
]


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_name_changes_nothing_but_the_name(make, name):
    _check_one_recipient(*make(name=name))


@given(name=st.text(st.characters(codec=None), max_size=150), project=st.text(max_size=300))
@settings(deadline=None)
def test_no_name_adds_a_header_or_a_recipient(make, name, project):
    after = {"project_name": project, "team_name": None, "application_url": None}
    _check_one_recipient(*make(name=name, after=after))


def _check_one_recipient(envelope, message):
    assert str(envelope.recipient) == "ann@company.example"
    assert [address for _name, address in getaddresses([str(message["To"])])] == ["ann@company.example"]
    assert message["Bcc"] is None
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted", "List-Id",
        "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert max(map(len, envelope.message.split(b"\r\n"))) <= 998
    assert envelope.message.isascii()
    assert b"\r\n.\r\n" not in envelope.message
    assert b"\n" not in envelope.message.replace(b"\r\n", b"")


def test_an_international_domain_is_written_in_ascii(make):
    envelope, message = make(address="ann@почта.рф")
    assert str(envelope.recipient) == "ann@xn--80a1acny.xn--p1ai"
    assert message["To"].addresses[0].domain == "xn--80a1acny.xn--p1ai"


def test_an_international_mailbox_keeps_its_letters(make):
    envelope, _ = make(address="Анна@почта.рф")
    assert envelope.recipient.needs_smtputf8
    assert "Анна@xn--80a1acny.xn--p1ai".encode() in envelope.message


def test_an_invalid_address_is_undeliverable(make):
    with pytest.raises(UndeliverableError, match="not valid"):
        make(address="ann@company.example, eve@evil.example")


def test_an_invalid_sender_is_noticed_at_the_start(links):
    with pytest.raises(UndeliverableError):
        Composer(Renderer(), mail_from="nobody", links=links)


@pytest.mark.parametrize("kind", Kind)
def test_a_mail_is_small(make, kind):
    envelope, _ = make(kind=kind, locale="ru")
    assert len(envelope.message) < 30_000
