"""Pages for people who follow a link: no script, nothing from elsewhere, forms only to their origin."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from notification.mail.translations import translations

_FOLDER = Path(__file__).parent.parent / "pages"
_STYLE = (_FOLDER / "page.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )
}


def page(name: str, locale: str, **values: Any) -> HTMLResponse:
    """A file of `pages/` in one of `translations.LOCALES`; whatever is in `values` is escaped."""
    style = Markup(_STYLE)  # noqa: S704 - ours
    content = _environment(locale).get_template(name).render(lang=locale, style=style, **values)
    return HTMLResponse(content, headers={**_HEADERS, "Content-Language": locale})


@cache
def _environment(locale: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
    )
    environment.install_gettext_translations(translations(locale), newstyle=True)  # type: ignore[attr-defined]
    return environment
