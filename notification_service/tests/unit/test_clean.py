"""What people type, made safe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notification.errors import UndeliverableError
from notification.mail.clean import clean_name, parse_address, safe_link


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("Анна Кузнецова", "Анна Кузнецова"),
        ("Ann\r\nBcc: eve@evil.example", "Ann Bcc: eve@evil.example"),
        ("Ann\x00\x07\x1b[31m", "Ann [31m"),
        ("exe.\u202egnp", "exe.gnp"),
        ("\u2066Ann\u2069\u200b\ufeff", "Ann"),
        ("Ann\u2028Bob\u2029 \u00a0 C", "Ann Bob C"),
        ("\ud800Ann", "Ann"),
        ("", ""),
    ],
)
def test_a_name_is_one_visible_line(typed, clean):
    assert clean_name(typed) == clean


def test_a_long_name_is_cut():
    assert clean_name("x" * 500, longest=10) == "x" * 9 + "…"


@given(st.text(st.characters(codec=None), max_size=300))
def test_no_name_breaks_a_line(typed):
    clean = clean_name(typed)
    assert clean.isprintable()
    assert len(clean) <= 200
    assert clean_name(clean) == clean


@pytest.mark.parametrize("url", ["https://hr.example/requests/1?a=1&b=2", "http://intranet/x"])
def test_a_web_link_is_shown(url):
    assert safe_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://",
        "https://[::1",
        "https://a.example/\r\nX: y",
        "https://a.example/ b",
        "https://a.example/\u202ecod",
        "https://a.example/" + "x" * 3000,
    ],
)
def test_anything_else_is_no_link(url):
    assert safe_link(url) is None


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("ann@company.example", "ann@company.example"),
        (" ann@company.example ", "ann@company.example"),
        ("ann@почта.рф", "ann@xn--80a1acny.xn--p1ai"),
        ("ann@localhost", "ann@localhost"),
        ("ann@mail.local", "ann@mail.local"),
    ],
)
def test_an_address_is_made_ascii(typed, address):
    assert str(parse_address(typed)) == address
    assert not parse_address(typed).needs_smtputf8


def test_a_local_part_of_other_letters_needs_smtputf8():
    assert parse_address("Анна@почта.рф").needs_smtputf8


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ann",
        "ann@",
        "@company.example",
        "ann@company.example, eve@evil.example",
        "ann@company.example\r\nRCPT TO:<eve@evil.example>",
        "ann@company.example\nBcc: eve@evil.example",
        "Ann <ann@company.example>",
        "ann@company.example>",
        "an\x00n@company.example",
        "ann\u202e@company.example",
        "a" * 400 + "@company.example",
    ],
)
def test_anything_but_one_address_is_undeliverable(typed):
    with pytest.raises(UndeliverableError) as caught:
        parse_address(typed)
    assert "company" not in caught.value.reason
