"""Words: a letter becomes a subject, a plain text and an HTML page, in the reader's language.

MJML is compiled to HTML with its Jinja tags once, when the process starts; a mail costs only Jinja.
"""

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from mjml import mjml2html

from notification.mail.clean import clean_name
from notification.mail.letter import Letter
from notification.mail.reader import Reader, find_zone
from notification.mail.translations import LOCALES, choose_locale, translations
from notification.mail.views import view
from notification.kinds import Kind

FOLDER = Path(__file__).parent.parent / "templates"
MAX_SUBJECT = 150
_INCLUDE = re.compile(r'<mj-include path="(?P<path>[^"]+)" />')


@dataclass(frozen=True, slots=True)
class Page:
    """A letter in words."""

    locale: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Templates:
    subject: Template
    text: Template
    html: Template


class Renderer:
    """All templates in all languages, compiled."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Compiles everything: what is wrong with a template is known before the first mail."""
        kinds = [kind for kind in Kind if (folder / kind).is_dir()]
        pages = {kind: _compile_mjml(folder, kind) for kind in kinds}
        self._templates = {
            (kind, locale): _load(folder, kind, locale, pages[kind]) for kind in kinds for locale in LOCALES
        }

    def render(self, letter: Letter, unsubscribe_url: str | None = None) -> Page:
        """Put a letter into words.

        `unsubscribe_url` is where its reader may say "no more of these"; None for what nobody can switch off.
        """
        locale = choose_locale(letter.locale)
        templates = self._templates[Kind(letter.kind), locale]
        context = {**_context(letter, locale), "unsubscribe_url": unsubscribe_url}
        context["subject"] = clean_name(templates.subject.render(context), longest=MAX_SUBJECT)
        text, html = templates.text.render(context), templates.html.render(context)
        return Page(locale=locale, subject=context["subject"], text=text, html=html)


def _compile_mjml(folder: Path, kind: Kind) -> str:
    def include(match: re.Match[str]) -> str:
        return (folder / match["path"]).read_text(encoding="utf-8")

    # Included here: the compiler renders an included element without its attributes.
    source = _INCLUDE.sub(include, (folder / kind / "page.mjml").read_text(encoding="utf-8"))
    # No fonts: a mail must not call a font server of somebody else when it is opened.
    return mjml2html(source, fonts={}, disable_comments=False)


def _load(folder: Path, kind: Kind, locale: str, page: str) -> _Templates:
    plain, markup = (_environment(folder, locale, autoescape=autoescape) for autoescape in (False, True))
    return _Templates(
        subject=plain.get_template(f"{kind}/subject.txt"),
        text=plain.get_template(f"{kind}/text.txt"),
        html=markup.from_string(page),
    )


def _environment(folder: Path, locale: str, *, autoescape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=autoescape,  # noqa: S701 - off for plain text only, where entities would show
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations(locale), newstyle=True)  # type: ignore[attr-defined]
    return environment


def _context(letter: Letter, locale: str) -> dict[str, Any]:
    shown = view(letter, Reader(locale, find_zone(letter.time_zone)))
    values = {field.name: getattr(shown, field.name) for field in fields(shown)}
    return {"lang": locale, "name": clean_name(letter.name), **values}
