"""The files by which people look at mails before anybody gets them."""

import re
import sys

import pytest

from notification.__main__ import main
from notification.mail.preview.letters import samples
from notification.mail.translations import LOCALES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the command writes; it needs no variable of the stack."""
    out = tmp_path_factory.mktemp("preview") / "new"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["notification", "preview", "--out", str(out)])
        for name in ("DB_NAME", "DB_USER", "DB_PASSWORD"):
            patch.delenv(f"NOTIFICATION_{name}", raising=False)
        main()
    return out


def test_every_sample_is_written_in_every_language_as_html_and_text(folder):
    written = {str(path.relative_to(folder)) for path in folder.rglob("*.*")}
    assert written == {"index.html"} | {
        f"{locale}/{name}.{end}"
        for locale in LOCALES
        for name in samples(locale)
        for end in ("txt", "html", "light.html", "dark.html")
    }


def test_the_index_shows_all_that_there_is(folder):
    index = (folder / "index.html").read_text(encoding="utf-8")
    frames = re.findall(r'<iframe [^>]*src="([^"]+)"', index)
    assert set(frames) == {
        str(path.relative_to(folder)) for path in folder.rglob("*.html") if path.suffixes[:-1]
    }
    assert index.count("<pre>") == len(frames) / 2


def test_light_and_dark_are_so_whatever_the_system_says(folder):
    mail, light, dark = (
        (folder / "en" / f"assigned{scheme}.html").read_text(encoding="utf-8")
        for scheme in ("", ".light", ".dark")
    )
    assert mail.count("prefers-color-scheme") == 1
    assert "prefers-color-scheme" not in light + dark
    assert "@media not all {" in light
    assert "@media all {" in dark
