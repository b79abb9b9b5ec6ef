"""What must not be in the repository: addresses of package indexes, and paths of somebody's machine."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).name
# An index in a lock or a script would decide for everybody where packages come from.
INDEX = re.compile(
    r"(--(extra-)?index-url|--find-links|--trusted-host|https?://[^\s\"']*(/simple\b|artifactory|nexus))"
)
MACHINE = re.compile(r"(?<![\w.])/(home|Users|root|work|private/var)/\w+")
LINK = re.compile(r"\]\((?P<target>[^)#\s]+)(#[^)]*)?\)")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def find(pattern: re.Pattern[str], files: list[Path]) -> Iterator[str]:
    """Place and text of what is found in text files, this one left out: it holds the patterns."""
    for file in files:
        if file.name == HERE or not file.is_file():
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for found in pattern.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{file.relative_to(ROOT)}:{line}: {found[0]}"


@pytest.mark.parametrize("pattern", [INDEX, MACHINE], ids=["package index", "machine's path"])
def test_no_tracked_file_holds(pattern):
    assert list(find(pattern, tracked())) == []


def test_locks_pin_hashes_and_hold_no_address():
    for file in (ROOT / "requirements").glob("*.txt"):
        text = file.read_text(encoding="utf-8")
        assert "://" not in text, file.name
        pinned = re.findall(r"^[\w.-]+(?:\[[\w,-]+\])?==", text, re.MULTILINE)
        assert pinned, file.name
        entries = re.split(r"\n(?=\S)", text.strip())
        assert [entry for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "adr"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    missing = [file.name for file in sorted(folder.glob("[0-9]*.md")) if f"({file.name})" not in listed]
    assert missing == []


def test_links_between_documents_lead_somewhere():
    broken = [
        f"{document.relative_to(ROOT)}: {match['target']}"
        for document in tracked()
        if document.suffix == ".md" and document.is_file()
        for match in LINK.finditer(document.read_text(encoding="utf-8"))
        if "://" not in match["target"] and not match["target"].startswith("mailto:")
        if not (document.parent / match["target"]).exists()
    ]
    assert broken == []
