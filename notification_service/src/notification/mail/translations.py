"""The languages of the mails: English is the source, the others are catalogs in `locale/`.

The catalogs are compiled in memory when a process starts (a few ms): no binary is kept that could
differ from its text.
"""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

DEFAULT_LOCALE = "en"
LOCALES = ("en", "ru")
_FOLDER = Path(__file__).parent.parent / "locale"


def choose_locale(wanted: str | None) -> str:
    """The supported locale that fits, e.g. `ru` for `ru-RU`; the default where none does."""
    language = (wanted or "").replace("_", "-").partition("-")[0].lower()
    return language if language in LOCALES else DEFAULT_LOCALE


@cache
def translations(locale: str) -> NullTranslations:
    """The catalog of one of `LOCALES`."""
    if locale == DEFAULT_LOCALE:
        return NullTranslations()
    with (_FOLDER / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalog = read_po(file, locale=locale)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled)
