"""Invitations as calendar mail (RFC 6047): what Google, Outlook and Thunderbird look at."""

from email import message_from_bytes, policy
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from notification.kinds import Kind
from notification.mail.compose import Composer
from notification.mail.render import Renderer

NEWS = [Kind.INVITED, Kind.MEETING_CHANGED, Kind.MEETING_CANCELLED]
ASCII = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


@pytest.fixture(scope="module")
def make(letter, links):
    composer = Composer(Renderer(), mail_from="Team Suite <no-reply@team-suite.example>", links=links)

    def compose(kind=Kind.INVITED, **changed):
        envelope = composer.compose(letter(kind, **changed))
        return envelope, message_from_bytes(envelope.message, policy=policy.default)

    return compose


def shape(part):
    """The content types of a message, the parts of each multipart in a list."""
    if part.is_multipart():
        return [part.get_content_type(), *map(shape, part.iter_parts())]
    return part.get_content_type()


def calendar_part(message):
    (part,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    return part


@pytest.mark.parametrize(
    ("kind", "method"),
    [(Kind.INVITED, "REQUEST"), (Kind.MEETING_CHANGED, "REQUEST"), (Kind.MEETING_CANCELLED, "CANCEL")],
)
def test_mail_programs_find_the_invitation(make, kind, method):
    _, message = make(kind)
    assert shape(message) == [
        "multipart/mixed",
        ["multipart/alternative", "text/plain", "text/html", "text/calendar"],
        "application/ics",
    ]
    part = calendar_part(message)
    parameters = part["Content-Type"].params
    assert (parameters["method"], parameters["component"], parameters["charset"].lower()) == (
        method,
        "VEVENT",
        "utf-8",
    )
    assert part["Content-Transfer-Encoding"] == "quoted-printable"
    assert part["Content-Disposition"] is None
    calendar = Calendar.from_ical(part.get_content())
    assert calendar["METHOD"] == method
    assert [str(event["SUMMARY"]) for event in calendar.walk("VEVENT")] == ["Планёрка"]


def test_the_file_is_the_same_object_to_the_byte(make, letter):
    envelope, message = make()
    (file,) = message.iter_attachments()
    assert (file.get_filename(), file["Content-Type"].params["name"]) == ("invite.ics", "invite.ics")
    assert file.get_content() == letter(Kind.INVITED).payload["calendar"].encode()
    assert calendar_part(message).get_content() == file.get_content().decode()
    # An encoded line end would come out as two.
    assert b"=0D" not in envelope.message


def test_a_plain_object_goes_as_it_is(make):
    envelope, message = make(calendar=ASCII.format("Weekly"))
    assert calendar_part(message)["Content-Transfer-Encoding"] == "7bit"
    assert ASCII.format("Weekly").encode() in envelope.message


@pytest.mark.parametrize(
    "calendar", [None, "", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "X:METHOD:REQUEST\r\n"]
)
def test_without_an_object_that_asks_for_something_it_is_an_ordinary_mail(make, calendar):
    _, message = make(calendar=calendar)
    assert shape(message) == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize("kind", sorted(set(Kind) - set(NEWS)))
def test_other_mails_bring_no_calendar_and_ask_for_no_answer(make, kind):
    _, message = make(kind)
    assert shape(message) == ["multipart/alternative", "text/plain", "text/html"]
    assert message["Reply-To"] is None


def test_the_organizer_gets_the_replies_and_nothing_else(make):
    envelope, message = make()
    assert message["Reply-To"] == "Maria Lind <maria@company.example>"
    assert str(envelope.recipient) == "ann@company.example"
    assert message["Content-Language"] == "en"


@pytest.mark.parametrize(
    "address",
    ["", "maria", "a@b.example, eve@evil.example", "a@b.example\r\nBcc: eve@evil.example", "мария@b.example"],
)
def test_an_organizer_without_a_plain_address_gets_none(make, address):
    _, message = make(of={"organizer": {"name": "Maria", "email": address}})
    assert message["Reply-To"] is None
    assert message["Bcc"] is None


@given(name=st.text(st.characters(codec=None), max_size=150), text=st.text(max_size=300))
def test_nothing_that_people_type_adds_a_header_a_recipient_or_a_line(make, name, text):
    organizer = {"name": name, "email": "maria@company.example"}
    calendar = ASCII.format(text)
    envelope, message = make(
        name=name, calendar=calendar, of={"title": name, "agenda": text, "organizer": organizer}
    )
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted", "Reply-To",
        "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type",
    }  # fmt: skip
    for header, address in (("To", "ann@company.example"), ("Reply-To", "maria@company.example")):
        assert [found for _name, found in getaddresses([str(message[header])])] == [address]
    assert max(map(len, envelope.message.split(b"\r\n"))) <= 998
    assert envelope.message.isascii()
    assert b"\n" not in envelope.message.replace(b"\r\n", b"")
    assert calendar_part(message)["Content-Transfer-Encoding"] in {"7bit", "quoted-printable"}
