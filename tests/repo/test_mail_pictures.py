"""docs/mails.md shows all mails, in small pictures."""

from pathlib import Path

from notification.kinds import Kind
from notification.mail.translations import LOCALES

ROOT = Path(__file__).resolve().parents[2]

MAX_BYTES = 100_000
EXPECTED = {f"{kind}.{locale}.webp" for kind in Kind for locale in LOCALES}
FOLDER = ROOT / "docs" / "pictures" / "mails"


def test_every_mail_has_a_small_picture_in_every_language():
    assert {picture.name for picture in FOLDER.iterdir()} == EXPECTED
    assert [picture.name for picture in FOLDER.iterdir() if picture.stat().st_size > MAX_BYTES] == []


def test_all_are_shown():
    page = (ROOT / "docs" / "mails.md").read_text(encoding="utf-8")
    assert {name for name in EXPECTED if f"(pictures/mails/{name})" not in page} == set()
