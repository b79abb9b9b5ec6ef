"""Every mail of the previews, to the letter. After a wanted change:

    UPDATE_GOLDEN=1 python -m pytest notification_service/tests/unit/test_mail_snapshots.py

and read the difference before it is committed.
"""

import os
from pathlib import Path

import pytest

from notification.kinds import Kind
from notification.mail.preview.letters import samples, unsubscribe_url
from notification.mail.preview.worlds import WORLDS
from notification.mail.translations import LOCALES

GOLDEN = Path(__file__).parent / "golden"
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))
SAMPLES = [(locale, name) for locale in WORLDS for name in samples(locale)]


@pytest.fixture(scope="module")
def pages(renderer):
    return {
        (locale, name): renderer.render(letter, unsubscribe_url(letter))
        for locale in WORLDS
        for name, letter in samples(locale).items()
    }


def check(path, text):
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(("locale", "name"), SAMPLES)
def test_the_text_is_as_it_was_agreed(pages, locale, name):
    page = pages[locale, name]
    check(GOLDEN / locale / f"{name}.txt", f"{page.subject}\n\n{page.text}")


@pytest.mark.parametrize(("locale", "name"), SAMPLES)
def test_the_page_is_as_it_was_agreed(pages, locale, name):
    # A tag a line, so that a difference can be read.
    check(GOLDEN / locale / f"{name}.html", pages[locale, name].html.replace("><", ">\n<"))


def test_every_kind_has_a_sample_in_every_language():
    for locale in LOCALES:
        assert {letter.kind for letter in samples(locale).values()} == set(Kind)
        assert set(Kind) <= samples(locale).keys()


def test_no_golden_file_is_left_of_a_sample_that_is_gone():
    kept = {str(path.relative_to(GOLDEN)) for path in GOLDEN.rglob("*.*")}
    assert kept == {f"{locale}/{name}.{end}" for locale, name in SAMPLES for end in ("html", "txt")}
