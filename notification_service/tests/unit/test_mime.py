"""Our own messages, read by the standard library: whatever was put in comes out, and nothing else."""

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notification.mail.clean import clean_name
from notification.mail.mime import Message, file_part, html_part, mailbox, text_part, unstructured

LINES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=300)


def read(message):
    return message_from_bytes(message.as_bytes(), policy=policy.default)


def with_text(*texts, **options):
    message = Message()
    message.alternatives += [text_part("plain", text, **options) for text in texts]
    return message


def with_page(page):
    message = Message()
    message.alternatives.append(html_part(page))
    return message


@given(LINES.map(clean_name))
def test_a_subject_comes_out_as_it_went_in(subject):
    message = with_text("x")
    message.add("Subject", unstructured(subject))
    assert read(message)["Subject"] == subject
    assert max(map(len, message.as_bytes().split(b"\r\n"))) <= 78


@given(LINES.map(clean_name))
def test_a_name_comes_out_as_it_went_in(name):
    message = with_text("x")
    message.add("To", mailbox(name, "ann@company.example"))
    # Not by the library's newer parser: it makes a space of a fold between two encoded words of a name.
    display_name, address = parseaddr(message_from_bytes(message.as_bytes())["To"])
    assert (str(make_header(decode_header(display_name))), address) == (name, "ann@company.example")
    assert [address.addr_spec for address in read(message)["To"].addresses] == ["ann@company.example"]


# Where the encoder breaks the line just before its last dot.
@example(lines=[f"é{'a' * 69}.", "more"], base64=False)
@given(lines=st.lists(LINES, min_size=1), base64=st.booleans())
def test_a_text_comes_out_as_it_went_in(lines, base64):
    text = "\n".join(lines)
    message = with_text(text, base64=base64)
    (part,) = read(message).iter_parts()
    assert part.get_content().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")
    assert message.as_bytes().isascii()
    assert b"\r\n.\r\n" not in message.as_bytes()
    assert max(map(len, message.as_bytes().split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Hello\r\nAnn", "7bit"),
        ("Zoë\nand a plain text that is long enough for one letter of another kind", "quoted-printable"),
        ("x" * 999, "quoted-printable"),
        ("one\n.\ntwo", "quoted-printable"),
        ("a control character\x00among others", "quoted-printable"),
        ("Здравствуйте", "base64"),
    ],
)
def test_an_encoding_is_as_plain_as_it_may_be(text, encoding):
    (part,) = read(with_text(text)).iter_parts()
    assert part["Content-Transfer-Encoding"] == encoding
    assert part.get_content().splitlines() == text.splitlines()


@given(lines=st.lists(LINES.map(clean_name), min_size=1))
def test_a_page_comes_out_as_it_went_in(lines):
    page = "\n".join(f"<p>{line}</p>" for line in lines)
    message = with_page(page)
    (part,) = read(message).iter_parts()
    assert unescape(part.get_content().replace("\r\n", "\n")) == unescape(page) + "\n"
    assert max(map(len, message.as_bytes().split(b"\r\n"))) <= 998


def test_a_page_with_short_lines_needs_no_encoding():
    (part,) = read(with_page("<p>Zoë, Анна 🙂</p>")).iter_parts()
    assert part["Content-Transfer-Encoding"] == "7bit"
    assert part.get_payload() == "<p>Zo&#235;, &#1040;&#1085;&#1085;&#1072; &#128578;</p>\r\n"


def test_a_file_comes_out_to_the_byte():
    message = with_text("x")
    message.files.append(file_part("application/ics", "invite.ics", bytes(range(256))))
    (file,) = read(message).iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("invite.ics", bytes(range(256)))


@pytest.mark.parametrize("value", ["a\r\nBcc: eve@evil.example", "a\nb", "a\r\n\tb", "a\x00", "\u202e"])
def test_a_header_with_a_line_end_is_no_header(value):
    with pytest.raises(ValueError, match="more than a header"):
        Message().add("List-Id", value)


def test_nobody_knows_the_dividing_line_beforehand():
    assert with_text("x").as_bytes() != with_text("x").as_bytes()
