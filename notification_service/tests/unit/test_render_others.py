"""The words of the mails about accounts, news of teams, and what applications ask for."""

import pytest

from notification.kinds import Kind

EVIL = "<script>x</script>\r\nBcc: eve@evil.example {{ 7*7 }} \u202e"


@pytest.fixture(scope="module")
def render(letter, renderer):
    return lambda *arguments, **changed: renderer.render(letter(*arguments, **changed))


def test_a_new_address_is_shown_to_the_old_one_without_being_told(render):
    page = render(Kind.EMAIL_CHANGED, of={"old_email": "ann@company.example", "new_email": "mia@new.example"})
    assert page.subject == "Your e-mail address has changed"
    assert "E-mail address: ann@company.example → m…@new.example" in page.text
    assert "mia@" not in page.text + page.html


@pytest.mark.parametrize(
    ("changed", "subject", "row"),
    [
        ({"role": "admin"}, "Your role has changed", "Role: employee → administrator"),
        ({"role": "auditor"}, "Your role has changed", "Role: employee → auditor"),
        ({"is_active": False}, "Your access is switched off", "Access: switched on → switched off"),
        (
            {"was_active": False, "is_active": True},
            "Your access is switched on",
            "Access: switched off → switched on",
        ),
    ],
)
def test_other_rights_are_named(render, changed, subject, row):
    same = {"role": "employee", "old_role": "employee", "is_active": True, "was_active": True}
    page = render(Kind.ACCESS_CHANGED, of=same | changed)
    assert page.subject == subject
    assert row in page.text
    assert page.text.count("→") == 1


def test_news_keeps_its_paragraphs(render):
    page = render(Kind.TEAM_NEWS, of={"title": "Moving", "body": "One\r\ntwo\n\n\n \nThree"})
    assert page.subject == "News: Moving"
    assert "\n\nOne\ntwo\n\nThree\n\n" in page.text
    assert ">One<br />two</p>" in page.html
    assert ">Three</p>" in page.html


def test_long_news_is_cut(render):
    body = "\n".join("x" * 5000 if number % 10 else "" for number in range(200))
    text = render(Kind.TEAM_NEWS, of={"body": body}).text
    assert text.count("xx\n") + text.count("x…\n") == 100
    assert "\n…\n" in text
    assert max(map(len, text.splitlines())) == 2000


@pytest.mark.parametrize(
    ("team", "en", "ru"),
    [
        (None, "There is news of Nordlicht.", "Новости организации «Nordlicht»."),
        ("Web", "There is news of your team, Web.", "Новости вашей команды «Web»."),
    ],
)
def test_news_says_whose_it_is(render, team, en, ru):
    for locale, words in (("en", en), ("ru", ru)):
        assert words in render(Kind.TEAM_NEWS, of={"team_name": team}, locale=locale).text


def test_news_was_published_by_the_readers_clock(render):
    text = render(Kind.TEAM_NEWS, of={"published_at": "2026-11-20T17:00:00.000Z"}).text
    assert "Published: 20 November 2026, 20:00 (UTC+03:00)" in text


def test_a_message_is_in_the_applications_words(render):
    page = render(Kind.MESSAGE, of={"title": "Report ready", "text": "Look:\n\nnow"})
    assert page.subject == "Report ready"
    assert "\n\nLook:\n\nnow\n\nOpen the report:\nhttps://reports.nordlicht.example/2026-10\n" in page.text


def test_a_link_says_where_it_leads(render):
    page = render(Kind.MESSAGE, of={"link": "https://bank.example@evil.example/?a=1", "link_label": None})
    assert ">Open the link</a>" in page.html
    assert "Leads to evil.example" in page.html


@pytest.mark.parametrize("link", [None, "", "javascript:alert(1)", "/relative", "https://x.example/ y"])
def test_without_a_safe_link_there_is_nothing_to_click(render, link):
    html = render(Kind.MESSAGE, of={"link": link}).html
    assert "<a " not in html
    assert "Leads to" not in html


@pytest.mark.parametrize(
    ("status", "subject", "lead"),
    [
        ("shipped", "Your order 1042: shipped", "It has a new status: shipped."),
        (None, "Your order 1042", "There is news of it."),
    ],
)
def test_an_order_says_what_became_of_it(render, status, subject, lead):
    page = render(Kind.ORDER, of={"order_id": 1042, "status": status})
    assert page.subject == subject
    assert lead in page.text
    assert ("Status: shipped" in page.text) == (status is not None)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Kind.TEAM_NEWS, ("title", "body", "organization_name", "team_name")),
        (Kind.MESSAGE, ("title", "text", "link_label")),
        (Kind.ORDER, ("order_id", "status")),
        (Kind.EMAIL_CHANGED, ("old_email", "new_email")),
        (Kind.ACCESS_CHANGED, ("role", "old_role")),
    ],
)
def test_what_people_type_stays_text(render, kind, fields):
    page = render(kind, name=EVIL, of=dict.fromkeys(fields, EVIL))
    assert "<script" not in page.html
    assert "{{ 7*7 }}" in page.html
    assert "49" not in page.text.replace("2049", "")
    assert "\n" not in page.subject
    assert "\u202e" not in page.subject + page.text + page.html
