"""Every text of ours is there in Russian, and what runs is what was written."""

import ast
import io
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_python
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

import user_team

PACKAGE = Path(user_team.__file__).parent
KEYWORDS = ("_", "gettext", "gettext_lazy", "ngettext")
# What Django's `templatize` makes of a translation tag: gettext('…') or ngettext('…', '…', count).
TEMPLATE_TEXT = re.compile(r"gettext\(u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")


def catalog(folder, suffix, read):
    with (PACKAGE / folder / "ru" / "LC_MESSAGES" / f"django.{suffix}").open("rb") as file:
        return {plain(message.id): plain(message.string) for message in read(file) if message.id}


def plain(text):
    """Singular and plural forms as a tuple; the two readers differ in this."""
    return tuple(text) if isinstance(text, list | tuple) else text


def first(message_id):
    return message_id[0] if isinstance(message_id, tuple | list) else message_id


def texts_of(source):
    """The texts that a Python file or a template asks to be translated."""
    content = source.read_text()
    if source.suffix == ".html":
        return {ast.literal_eval(text) for text in TEMPLATE_TEXT.findall(templatize(content))}
    found = extract_python(io.BytesIO(content.encode()), KEYWORDS, (), {})
    return {first(message) for _line, _function, message, _comments in found if first(message)}


@pytest.mark.parametrize("folder", ["locale", "locale_of_unfold"])
def test_the_compiled_catalog_is_the_written_one(folder):
    written = catalog(folder, "po", read_po)
    assert written
    assert catalog(folder, "mo", read_mo) == written


@pytest.mark.parametrize("folder", ["locale", "locale_of_unfold"])
def test_nothing_is_left_untranslated(folder):
    for message, translation in catalog(folder, "po", read_po).items():
        assert all(translation) if isinstance(translation, tuple) else translation, message


def test_every_text_of_ours_has_a_translation_and_none_is_left_over():
    sources = [
        path
        for path in PACKAGE.rglob("*")
        if path.suffix in {".py", ".html"} and "migrations" not in path.parts
    ]
    asked = {text for source in sources for text in texts_of(source)}
    written = {first(message) for message in catalog("locale", "po", read_po)}
    assert asked == written
