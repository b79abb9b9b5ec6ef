"""Words: a letter becomes a subject, a plain text and an HTML page, in the reader's language.

A kind's folder has its words, `layout/` the one design around them. MJML is compiled to HTML with its Jinja
tags once, when the process starts; a mail costs only Jinja.
"""

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from mjml import mjml2html

from notification.kinds import Choice, Kind, traits
from notification.mail.clean import clean_name
from notification.mail.digest import MAX_ITEMS, Group, Item, by_kind, telling
from notification.mail.letter import Letter
from notification.mail.reader import Reader, find_zone
from notification.mail.translations import LOCALES, choose_locale, translations
from notification.mail.views import view
from notification.mail.views.view import Row, View

FOLDER = Path(__file__).parent.parent / "templates"
MAX_SUBJECT = 150
MAX_LEAD = 500
MAX_PREHEADER = 140
MAX_OPENING = 200
_INCLUDE = re.compile(r'<mj-include path="(?P<path>[^"]+)" />')


@dataclass(frozen=True, slots=True)
class Page:
    """A letter in words."""

    locale: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Words:
    """What a kind says in one language: its folder.

    Attributes:
        subject: the mail's own.
        heading: of the page; it may repeat the subject.
        lead: the sentence after the greeting.
        several: so many mails of the kind, for digests; None of a kind that never waits for others.
    """

    subject: Template
    heading: Template
    lead: Template
    several: Template | None


@dataclass(frozen=True, slots=True)
class _Language:
    words: Mapping[Kind, _Words]
    text: Template
    html: Template


class Renderer:
    """All templates in all languages, compiled."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Compiles everything: what is wrong with a template is known before the first mail."""
        page = _compile_mjml(folder)
        self._languages = {locale: _load(folder, locale, page) for locale in LOCALES}

    def render(self, letter: Letter, unsubscribe_url: str | None = None) -> Page:
        """Put a letter into words.

        `unsubscribe_url` is where its reader may say "no more of these"; None for what nobody can switch off.
        """
        reader = Reader(choose_locale(letter.locale), find_zone(letter.time_zone))
        language = self._languages[reader.locale]
        context = {
            **self._in_words(letter, reader),
            "lang": reader.locale,
            "greeting": _greeting(letter, reader),
            "unsubscribe_url": unsubscribe_url,
        }
        text, html = language.text.render(context), language.html.render(context)
        return Page(locale=reader.locale, subject=context["subject"], text=text, html=html)

    def _in_words(self, letter: Letter, reader: Reader) -> dict[str, Any]:
        """All that the layout shows: the view, and what the kind's own templates make of it."""
        words = self._languages[reader.locale].words[Kind(letter.kind)]
        context = {**_flat(view(letter, reader)), **self._members(letter, reader)}
        context["subject"] = clean_name(words.subject.render(context), longest=MAX_SUBJECT)
        context["heading"] = clean_name(words.heading.render(context))
        context["lead"] = clean_name(words.lead.render(context), longest=MAX_LEAD)
        return {**context, "preheader": _preheader(context)}

    def _members(self, letter: Letter, reader: Reader) -> dict[str, Any]:
        """Of a digest: what it puts together, of each kind how many, the first of them in short."""
        groups = [
            Group(self._several(kind, len(members), reader), [self._item(member, reader) for member in shown])
            for kind, members, shown in by_kind(letter.members)
        ]
        return {"groups": groups, "total": len(letter.members), "more": _more(len(letter.members), reader)}

    def _several(self, kind: str, count: int, reader: Reader) -> str:
        template = self._languages[reader.locale].words[Kind(kind)].several
        assert template is not None, f"{kind} waits for nothing"
        return clean_name(template.render(count=count))

    def _item(self, member: Letter, reader: Reader) -> Item:
        context = self._in_words(member, reader)
        said = _said(context)
        opening = clean_name(said[0], longest=MAX_OPENING) if said else None
        return Item(context["subject"], opening, telling(context["shown_rows"]), context["link"])


def _flat(shown: View) -> dict[str, Any]:
    values = {field.name: getattr(shown, field.name) for field in fields(shown) if field.name != "words"}
    return {**values, **shown.words, "shown_rows": [row for row in shown.rows if row.was or row.now]}


def _said(context: Mapping[str, Any]) -> list[str]:
    """What people wrote, line by line."""
    return [*(line for paragraph in context["body"] for line in paragraph), *context["quote"]]


def _preheader(context: Mapping[str, Any]) -> str:
    """What lists of mails show after the subject: it does not say that again."""
    parts = [
        context["lead"],
        *(line for paragraph in context["body"] for line in paragraph),
        *context["quote"],
    ]
    if context["groups"]:
        parts = [item.headline for group in context["groups"] for item in group.items]
    parts += [_in_short(row) for row in telling(context["shown_rows"])]
    return clean_name(" · ".join(parts), longest=MAX_PREHEADER)


def _in_short(row: Row) -> str:
    return (
        f"{row.label}: {row.now}"
        if row.was == row.now
        else f"{row.label}: {row.was or '–'} → {row.now or '–'}"
    )


def _greeting(letter: Letter, reader: Reader) -> str:
    name = clean_name(letter.name)
    return reader.gettext("Hello, %(name)s!") % {"name": name} if name else reader.gettext("Hello!")


def _more(total: int, reader: Reader) -> str | None:
    rest = total - MAX_ITEMS
    if rest <= 0:
        return None
    return reader.ngettext("and %(num)s more", "and %(num)s more", rest) % {"num": rest}


def _compile_mjml(folder: Path) -> str:
    def include(match: re.Match[str]) -> str:
        return (folder / match["path"]).read_text(encoding="utf-8")

    # Included here: the compiler renders an included element without its attributes.
    source = _INCLUDE.sub(include, (folder / "layout" / "page.mjml").read_text(encoding="utf-8"))
    # No fonts: a mail must not call a font server of somebody else when it is opened.
    page: str = mjml2html(source, fonts={}, disable_comments=False)
    # Lines that are short enough to go over the wire as they are (RFC 5322, section 2.1.1).
    return page.replace(' style="', '\nstyle="')


def _load(folder: Path, locale: str, page: str) -> _Language:
    plain, markup = (environment(folder, locale, autoescape=autoescape) for autoescape in (False, True))
    return _Language(
        words={kind: _words(plain, kind) for kind in Kind},
        text=plain.get_template("layout/text.txt"),
        html=markup.from_string(page),
    )


def _words(templates: Environment, kind: Kind) -> _Words:
    waits = traits(kind).choice is not Choice.ALWAYS
    return _Words(
        subject=templates.get_template(f"{kind}/subject.txt"),
        heading=templates.get_template(f"{kind}/heading.txt"),
        lead=templates.get_template(f"{kind}/lead.txt"),
        several=templates.get_template(f"{kind}/several.txt") if waits else None,
    )


class _Environment(Environment):
    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """One dictionary: each rendering copies it, and copying a chain of several takes longer."""
        return {**self.globals, **(d or {})}


def environment(folder: Path, locale: str, *, autoescape: bool) -> Environment:
    """Templates in a language; `autoescape` for HTML."""
    made = _Environment(
        loader=FileSystemLoader(folder),
        # Off for plain text only, where entities would show.
        autoescape=autoescape,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(translations(locale), newstyle=True)  # type: ignore[attr-defined]
    return made
