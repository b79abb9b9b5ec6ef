"""All mails as files, to look at before anybody gets them: `python -m notification preview`."""

from html import escape
from pathlib import Path

from notification.mail.preview.letters import samples, unsubscribe_url
from notification.mail.preview.worlds import WORLDS
from notification.mail.render import Page, Renderer

# As the templates write it. Where it is asked for all, or for nothing, no program's own setting counts.
_DARK = "@media (prefers-color-scheme: dark)"
_SCHEMES = {"light": "@media not all", "dark": "@media all"}
_HEAD = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The mails of Team Suite</title><style>
body { margin: 32px; font-family: system-ui, sans-serif; background: #d6d9e0; color: #1b1f2b; }
.faces { display: grid; grid-template-columns: repeat(4, minmax(380px, 1fr)); gap: 16px; overflow-x: auto; }
figure { margin: 0; } figcaption { padding: 4px 0; font-weight: 600; }
iframe { width: 100%; height: 640px; border: 0; border-radius: 8px; background: #fff; }
pre { white-space: pre-wrap; }
</style></head><body><h1>The mails of Team Suite</h1>
"""


def write_previews(folder: Path) -> Path:
    """Every sample in every language as HTML and text, and an `index.html` that shows all; gives its path."""
    renderer = Renderer()
    pages = {
        (name, locale): renderer.render(letter, unsubscribe_url(letter))
        for locale in WORLDS
        for name, letter in samples(locale).items()
    }
    for (name, locale), page in pages.items():
        _write_page(folder / locale, name, page)
    index = folder / "index.html"
    names = dict.fromkeys(name for name, _ in pages)
    index.write_text(_HEAD + "".join(_section(name, pages) for name in names), encoding="utf-8")
    return index


def _write_page(folder: Path, name: str, page: Page) -> None:
    """A mail as it is sent, and as programs show it that are light or dark whatever the system says."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_text(f"{page.subject}\n\n{page.text}\n", encoding="utf-8")
    (folder / f"{name}.html").write_text(page.html, encoding="utf-8")
    for scheme, media in _SCHEMES.items():
        (folder / f"{name}.{scheme}.html").write_text(page.html.replace(_DARK, media), encoding="utf-8")


def _section(name: str, pages: dict[tuple[str, str], Page]) -> str:
    """All faces of a sample side by side, and its texts below."""
    faces = "".join(
        _frame(pages[name, locale].subject, f"{locale}/{name}.{scheme}.html")
        for locale in WORLDS
        for scheme in _SCHEMES
    )
    texts = "".join(f"<pre>{escape(pages[name, locale].text)}</pre>" for locale in WORLDS)
    return (
        f'<section id="{name}"><h2>{name}</h2><div class="faces">{faces}</div>'
        f"<details><summary>The text parts</summary>{texts}</details></section>\n"
    )


def _frame(subject: str, path: str) -> str:
    frame = f'<iframe loading="lazy" title="{path}" src="{path}"></iframe>'
    return f"<figure><figcaption>{escape(subject)}</figcaption>{frame}</figure>"
