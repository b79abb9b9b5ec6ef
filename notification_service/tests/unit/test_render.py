"""The words of the mails."""

import re

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from notification.kinds import Choice, Kind, traits
from notification.mail.render import FOLDER
from notification.mail.translations import choose_locale

CORE = {"project_name": "Atlas", "team_name": "Core", "application_url": None}
WEB = {"project_name": "Atlas", "team_name": "Web", "application_url": "https://hr.example/1?a=1&b=2"}


def shown(html, label):
    """What the page says in the row of a label."""
    row = re.search(rf"<th[^>]*>{label}</th>(.*?)</tr>", html, re.DOTALL)
    return re.sub(r"<[^>]+>", "", row[1]).strip()


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("locale", ["en", "ru"])
def test_every_kind_has_words_in_every_language(renderer, letter, kind, locale):
    page = renderer.render(letter(kind, locale=locale))
    for body in (page.text, page.html):
        assert ("Здравствуйте, Ann!" if locale == "ru" else "Hello, Ann!") in body
        assert ("Отвечать на него" in body or "Ответ на него" in body) == (locale == "ru")
    assert f'lang="{locale}"' in page.html
    assert not re.search(r"{[{%]", page.subject + page.text + page.html)


def test_who_has_no_name_is_greeted_without(renderer, letter):
    page = renderer.render(letter(name="\u200b "))
    assert "Hello! This is what is different now." in page.text


def test_a_change_says_from_what_to_what(renderer, letter):
    page = renderer.render(letter(Kind.CHANGED))
    assert "Team: Core → Web" in page.text
    assert "Project: Atlas\n" in page.text
    assert "Onboarding request: new link" in page.text
    assert shown(page.html, "Team") == "Core → Web"


def test_a_person_without_a_team_sees_no_team(renderer, letter):
    page = renderer.render(letter(Kind.ASSIGNED, after={**WEB, "team_name": None}))
    assert "Team:" not in page.text
    assert ">Team<" not in page.html


def test_leaving_a_team_is_shown(renderer, letter):
    page = renderer.render(letter(after={**CORE, "team_name": None}))
    assert "Team: Core → none" in page.text


def test_times_are_the_readers(renderer, letter):
    assert "22 November 2026, 01:30 (UTC+03:00)" in renderer.render(letter()).text
    assert "22 ноября 2026, 01:30 (UTC+03:00)" in renderer.render(letter(locale="ru")).text


@pytest.mark.parametrize("zone", [None, "", "No/Such", "../etc/passwd", "Europe", "x\x00", "A" * 5000])
def test_a_strange_time_zone_is_utc(renderer, letter, zone):
    assert "21 November 2026, 22:30 (UTC+00:00)" in renderer.render(letter(time_zone=zone)).text


def test_the_link_can_be_clicked_and_is_escaped(renderer, letter):
    page = renderer.render(letter())
    assert 'href="https://hr.example/1?a=1&amp;b=2"' in page.html
    assert "https://hr.example/1?a=1&b=2" in page.text


def test_a_dangerous_link_is_not_shown(renderer, letter):
    page = renderer.render(letter(Kind.ASSIGNED, after={**CORE, "application_url": "javascript:alert(1)"}))
    assert "javascript" not in page.html + page.text
    assert "onboarding request" not in page.html


def test_markup_in_names_stays_text(renderer, letter):
    evil = {**CORE, "project_name": "<script>alert(1)</script>", "team_name": "{{ 7*7 }}"}
    page = renderer.render(letter(Kind.ASSIGNED, name='"><img src=x>', after=evil))
    assert "<script" not in page.html
    assert "<img" not in page.html
    assert "{{ 7*7 }}" in page.html
    assert "49" not in page.text
    assert "<script>alert(1)</script>" in page.text


def test_opening_a_mail_calls_nobody(renderer, letter):
    html = renderer.render(letter(Kind.ASSIGNED, after=CORE)).html
    assert not re.search(r"""(src=|@import|url\(|<link)""", html)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [("ru", "ru"), ("ru-RU", "ru"), ("RU_ru", "ru"), ("de", "en"), (None, "en"), ("", "en")],
)
def test_an_unknown_language_is_english(wanted, chosen):
    assert choose_locale(wanted) == chosen


@pytest.fixture(scope="module")
def texts():
    """All that is said in English, as keys of the catalogs."""
    folder = FOLDER.parent
    found = [
        *extract_from_dir(FOLDER, [("**.mjml", "jinja2"), ("**.txt", "jinja2")]),
        *extract_from_dir(folder / "pages", [("**.html", "jinja2")]),
        *extract_from_dir(folder / "mail", [("**.py", "python")]),
    ]
    return {message for _file, _line, message, _comments, _context in found}


@pytest.fixture(scope="module")
def russian():
    with (FOLDER.parent / "locale/ru/LC_MESSAGES/messages.po").open("rb") as file:
        return [message for message in read_po(file) if message.id]


def test_the_russian_catalog_has_every_text_and_no_other(texts, russian):
    assert len(texts) > 150
    assert {message.id for message in russian} == texts


def test_every_russian_text_is_there_in_all_its_forms(russian):
    for message in russian:
        strings = message.string if message.pluralizable else (message.string,)
        assert len(strings) == (3 if message.pluralizable else 1), message.id
        assert all(re.search("[а-яё]", text) for text in strings), message.id
        assert not message.fuzzy, message.id


def test_no_russian_text_names_what_the_english_one_does_not(russian):
    for message in russian:
        forms = message.id if message.pluralizable else (message.id,)
        strings = message.string if message.pluralizable else (message.string,)
        for text in strings:
            assert _names(text) == _names(forms[-1]), message.id


def _names(text):
    return sorted(re.findall(r"%\(\w+\)s", text))


def test_every_kind_is_a_folder_of_words_and_there_are_no_others():
    words = {"subject.txt", "heading.txt", "lead.txt", "about.txt"}
    for kind in Kind:
        waits = traits(kind).choice is not Choice.ALWAYS
        expected = words | ({"several.txt"} if waits else set())
        assert {file.name for file in (FOLDER / kind).iterdir()} == expected, kind
    assert {folder.name for folder in FOLDER.iterdir()} == {*Kind, "layout"}
